/// A number that stands in a rule, or one that `byte_extract` or `byte_math` has read.
enum ByteNumber: Sendable {
    case literal(Int64)
    case variable(UInt8)
}

/// Where a number lies in a buffer and how it is written there.
struct ByteField: Sendable {
    enum Format: Sendable {
        case bigEndian
        case littleEndian
        /// Digits of this base, as `strtoull` reads them.
        case text(base: UInt64)
    }

    var count: ByteNumber
    var offset: ByteNumber
    /// The offset counts from the end of the match before.
    var isRelative = false
    var format = Format.bigEndian
    /// 0 for none. What it selects is shifted down to the mask's lowest bit.
    var mask: UInt64 = 0
}

/// A condition of the byte family. Those that read a number share `ByteField`.
enum ByteOperation: Sendable {
    /// `isdataat`
    case dataAt(ByteNumber, isRelative: Bool, isNegated: Bool)
    case test(ByteField, Comparison, ByteNumber, isNegated: Bool)
    case jump(ByteField, Jump)
    case extract(ByteField, multiplier: UInt64, alignment: UInt64, into: UInt8)
    case math(ByteField, Operator, ByteNumber, into: UInt8)

    enum Comparison: Sendable {
        case less, greater, equal, lessOrEqual, greaterOrEqual, and, xor

        func holds(_ left: UInt64, _ right: UInt64) -> Bool {
            switch self {
            case .less: left < right
            case .greater: left > right
            case .equal: left == right
            case .lessOrEqual: left <= right
            case .greaterOrEqual: left >= right
            case .and: left & right != 0
            case .xor: left ^ right != 0
            }
        }
    }

    enum Operator: Sendable {
        case add, subtract, multiply, divide, shiftLeft, shiftRight

        /// Nil for a division by zero: then the rule does not match. Everything else wraps, as in the reference engine.
        func apply(_ left: UInt64, _ right: UInt64) -> UInt64? {
            switch self {
            case .add: left &+ right
            case .subtract: left &- right
            case .multiply: left &* right
            case .divide: right == 0 ? nil : left / right
            case .shiftLeft: right < 64 ? left << right : 0
            case .shiftRight: right < 64 ? left >> right : 0
            }
        }
    }

    struct Jump: Sendable {
        enum Origin: Sendable {
            /// Behind the number read.
            case number
            case beginning
            case end
        }

        var origin = Origin.number
        var multiplier: UInt64 = 1
        /// Rounds up to the next multiple of four.
        var aligns = false
        var postOffset: Int64 = 0
    }

    /// The place it begins at depends on the match before.
    var isRelative: Bool {
        switch self {
        case .dataAt(_, let isRelative, _): isRelative
        case .test(let field, _, _, _), .jump(let field, _), .extract(let field, _, _, _), .math(let field, _, _, _):
            field.isRelative
        }
    }
}
