import NetTypes
import RuleLanguage

/// Numbers in the bytes of a buffer: `isdataat`, `byte_test`, `byte_jump`, `byte_extract`, `byte_math`.
enum ByteKeywords {
    static let all = [
        Keyword(
            name: "isdataat", value: .required,
            summary: "The buffer has so many bytes, from its start or behind the match before: [!]N[,relative]."
        ) { builder, argument throws(RuleProblem) in
            var words = ArgumentWords(argument)
            var first = try words.next("a number of bytes")
            let isNegated = first.hasPrefix("!")
            if isNegated { first = String(first.dropFirst().drop { $0 == " " }) }
            let number = try builder.byteNumber(first, 0...65535, argument)
            var isRelative = false
            while let word = words.nextIfAny() {
                switch word {
                case "relative": isRelative = true
                case "rawbytes": break
                default: throw words.unknown(word, "relative, rawbytes")
                }
            }
            builder.append(.bytes(.dataAt(number, isRelative: isRelative, isNegated: isNegated), argument.option))
        },
        Keyword(
            name: "byte_test", value: .required,
            summary: "Compares a number in the buffer: bytes, [!]operator, value, offset, and options."
        ) { builder, argument throws(RuleProblem) in
            var words = ArgumentWords(argument)
            var field = ByteField(count: .literal(0), offset: .literal(0))
            field.count = try builder.byteNumber(try words.next("the number of bytes"), 0...23, argument)
            var sign = try words.next("an operator")
            let isNegated = sign.hasPrefix("!")
            if isNegated { sign = String(sign.dropFirst().drop { $0 == " " }) }
            guard let comparison = comparisons[sign.isEmpty ? "=" : sign] else {
                throw words.unknown(sign, "<, >, =, <=, >=, & or ^, with ! in front for the contrary")
            }
            let value = try builder.byteNumber(try words.next("a value"), 0...Int64.max, argument)
            field.offset = try builder.byteNumber(
                try words.next("an offset"), Int64(Int32.min)...Int64(Int32.max), argument)
            while let word = words.nextIfAny() {
                guard try fieldOption(word, &field, &words) else { throw words.unknown(word, fieldOptions) }
            }
            try check(field, argument)
            builder.append(.bytes(.test(field, comparison, value, isNegated: isNegated), argument.option))
        },
        Keyword(
            name: "byte_jump", value: .required,
            summary: "Goes on behind a distance read from the buffer: bytes, offset, and options."
        ) { builder, argument throws(RuleProblem) in
            var words = ArgumentWords(argument)
            var field = ByteField(count: .literal(0), offset: .literal(0))
            var jump = ByteOperation.Jump()
            field.count = try builder.byteNumber(try words.next("the number of bytes"), 0...23, argument)
            field.offset = try builder.byteNumber(try words.next("an offset"), -65535...65535, argument)
            while let word = words.nextIfAny() {
                switch word {
                case "align": jump.aligns = true
                case "from_beginning": jump.origin = .beginning
                case "from_end": jump.origin = .end
                case _ where word.hasPrefix("multiplier"):
                    jump.multiplier = UInt64(try words.number(behind: "multiplier", in: word, 1...65535))
                case _ where word.hasPrefix("post_offset"):
                    jump.postOffset = try words.number(behind: "post_offset", in: word, -65535...65535)
                default:
                    guard try fieldOption(word, &field, &words) else {
                        throw words.unknown(
                            word, fieldOptions + ", align, from_beginning, from_end, multiplier N, post_offset N")
                    }
                }
            }
            try check(field, argument)
            builder.append(.bytes(.jump(field, jump), argument.option))
        },
        Keyword(
            name: "byte_extract", value: .required,
            summary: "Reads a number and gives it a name for later options: bytes, offset, name, and options."
        ) { builder, argument throws(RuleProblem) in
            var words = ArgumentWords(argument)
            var field = ByteField(count: .literal(0), offset: .literal(0))
            var (multiplier, alignment) = (UInt64(1), UInt64(1))
            field.count = try builder.byteNumber(try words.next("the number of bytes"), 0...23, argument)
            field.offset = try builder.byteNumber(try words.next("an offset"), -65535...65535, argument)
            let name = try words.next("a name")
            while let word = words.nextIfAny() {
                switch word {
                case _ where word.hasPrefix("multiplier"):
                    multiplier = UInt64(try words.number(behind: "multiplier", in: word, 1...65535))
                case _ where word.hasPrefix("align"):
                    alignment = UInt64(try words.number(behind: "align", in: word, 2...4))
                    guard alignment != 3 else { throw words.unknown(word, "align 2 or align 4") }
                default:
                    guard try fieldOption(word, &field, &words) else {
                        throw words.unknown(word, fieldOptions + ", multiplier N, align 2, align 4")
                    }
                }
            }
            try check(field, argument)
            let index = try builder.defineByteVariable(name)
            builder.append(
                .bytes(.extract(field, multiplier: multiplier, alignment: alignment, into: index), argument.option))
        },
        Keyword(
            name: "byte_math", value: .required,
            summary: "Calculates with a number read: bytes N, offset N, oper +|-|*|/|<<|>>, rvalue N, result NAME."
        ) { builder, argument throws(RuleProblem) in try math(&builder, argument) },
    ]

    private static func math(
        _ builder: inout SignatureBuilder, _ argument: KeywordArgument
    ) throws(RuleProblem) {
        var words = ArgumentWords(argument)
        var field = ByteField(count: .literal(0), offset: .literal(0))
        var (sign, right, result, hasOffset) = (ByteOperation.Operator?.none, ByteNumber?.none, String?.none, false)
        while let word = words.nextIfAny() {
            let parts = word.split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                guard word == "relative" else {
                    throw words.unknown(
                        word, "bytes N, offset N, oper SIGN, rvalue N, result NAME, relative, endian, string, bitmask")
                }
                field.isRelative = true
                continue
            }
            switch parts[0] {
            case "bytes": field.count = try builder.byteNumber(parts[1], 1...10, argument)
            case "offset":
                field.offset = try builder.byteNumber(parts[1], -65535...65535, argument)
                hasOffset = true
            case "oper":
                guard let known = operators[parts[1]] else { throw words.unknown(parts[1], "+, -, *, /, << or >>") }
                sign = known
            case "rvalue": right = try builder.byteNumber(parts[1], 0...Int64(UInt32.max), argument)
            case "result": result = parts[1]
            case "endian":
                guard try fieldOption(parts[1], &field, &words) else { throw words.unknown(word, "big or little") }
            default: guard try fieldOption(word, &field, &words) else { throw words.unknown(word, fieldOptions) }
            }
        }
        guard let sign, let right, let result, hasOffset, case let count = field.count, !count.isZero else {
            throw RuleProblem(
                "byte_math needs bytes, offset, oper, rvalue and result",
                hint: "byte_math:bytes 2, offset 0, oper +, rvalue 4, result length;")
        }
        try check(field, argument)
        let index = try builder.defineByteVariable(result)
        builder.append(.bytes(.math(field, sign, right, into: index), argument.option))
    }

    private static let comparisons: [String: ByteOperation.Comparison] = [
        "<": .less, ">": .greater, "=": .equal, "<=": .lessOrEqual, ">=": .greaterOrEqual, "&": .and, "^": .xor,
    ]

    private static let operators: [String: ByteOperation.Operator] = [
        "+": .add, "-": .subtract, "*": .multiply, "/": .divide, "<<": .shiftLeft, ">>": .shiftRight,
    ]

    private static let fieldOptions = "relative, big, little, string with hex, dec or oct, bitmask N"

    /// Takes one option about where and how the number is written; false when it is none.
    private static func fieldOption(
        _ word: String, _ field: inout ByteField, _ words: inout ArgumentWords
    ) throws(RuleProblem) -> Bool {
        switch word {
        case "relative": field.isRelative = true
        case "big": field.format = .bigEndian
        case "little": field.format = .littleEndian
        case "dce": throw RuleProblem("'dce' is not supported yet: there is no DCE/RPC parser")
        case "string": if case .text = field.format {} else { field.format = .text(base: 10) }
        case "hex", "string hex": field.format = .text(base: 16)
        case "dec", "string dec": field.format = .text(base: 10)
        case "oct", "string oct": field.format = .text(base: 8)
        case _ where word.hasPrefix("bitmask"):
            var digits = word.dropFirst("bitmask".count).drop { $0 == " " }
            let isHexadecimal = digits.lowercased().hasPrefix("0x")
            if isHexadecimal { digits = digits.dropFirst(2) }
            guard let mask = UInt32(digits, radix: isHexadecimal ? 16 : 10), mask != 0 else {
                throw words.unknown(word, "bitmask with a number from 1 to 0xffffffff")
            }
            field.mask = UInt64(mask)
        default: return false
        }
        return true
    }

    /// Sizes that can be read at all.
    private static func check(_ field: ByteField, _ argument: KeywordArgument) throws(RuleProblem) {
        guard case .literal(let count) = field.count else { return }
        let limit: Int64
        switch field.format {
        case .bigEndian, .littleEndian: limit = 8
        case .text(let base): limit = base == 16 ? 14 : base == 10 ? 20 : 23
        }
        guard count <= limit else {
            throw RuleProblem("\(argument.option.name) reads \(count) bytes, at most \(limit) make a number here")
        }
    }
}

extension ByteNumber {
    fileprivate var isZero: Bool {
        if case .literal(0) = self { true } else { false }
    }
}

/// The parts of a value between commas, taken one after another.
struct ArgumentWords {
    private let parts: [String]
    private var index = 0
    private let name: String

    init(_ argument: KeywordArgument) {
        parts = argument.parts
        name = argument.option.name
    }

    mutating func nextIfAny() -> String? {
        guard index < parts.count else { return nil }
        defer { index += 1 }
        return parts[index]
    }

    mutating func next(_ what: String) throws(RuleProblem) -> String {
        guard let word = nextIfAny(), !word.isEmpty else { throw RuleProblem("\(name) needs \(what)") }
        return word
    }

    func unknown(_ word: String, _ expected: String) -> RuleProblem {
        RuleProblem("'\(word)' is no option of \(name)", hint: "expected \(expected)")
    }

    func number(behind key: String, in word: String, _ range: ClosedRange<Int64>) throws(RuleProblem) -> Int64 {
        let text = word.dropFirst(key.count).drop { $0 == " " }
        guard let value = Int64(text), range.contains(value) else {
            throw RuleProblem(
                "'\(word)' is no \(key) of \(name)",
                hint: "expected a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}

extension SignatureBuilder {
    /// A number, or the name of one that was read before.
    mutating func byteNumber(
        _ text: String, _ range: ClosedRange<Int64>, _ argument: KeywordArgument
    ) throws(RuleProblem) -> ByteNumber {
        let digits = text.lowercased().hasPrefix("0x") ? Int64(text.dropFirst(2), radix: 16) : Int64(text)
        if let digits {
            guard range.contains(digits) else {
                throw RuleProblem(
                    "'\(text)' is out of range in \(argument.option.name)",
                    hint: "expected a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return .literal(digits)
        }
        guard let index = byteVariables[text] else {
            let known =
                byteVariables.isEmpty ? "" : ", or one of \(byteVariables.keys.sorted().joined(separator: ", "))"
            throw RuleProblem(
                "'\(text)' is no number, and no byte_extract or byte_math before it reads one of that name",
                hint: "expected a number from \(range.lowerBound) to \(range.upperBound)\(known)")
        }
        if index.target != target { sharesNumbers = true }
        return .variable(index.number)
    }

    mutating func defineByteVariable(_ name: String) throws(RuleProblem) -> UInt8 {
        guard name.first?.isLetter == true else {
            throw RuleProblem("'\(name)' is no name", hint: "a name begins with a letter")
        }
        guard byteVariables[name] == nil else { throw RuleProblem("'\(name)' is read twice in one rule") }
        guard byteVariables.count < ByteReader.maximumVariables else {
            throw RuleProblem("a rule reads at most \(ByteReader.maximumVariables) numbers")
        }
        let number = UInt8(byteVariables.count)
        byteVariables[name] = ByteVariable(number: number, target: target)
        return number
    }
}

/// A number a rule has given a name.
struct ByteVariable {
    var number: UInt8
    /// The buffer it is read in.
    var target: SignatureBuilder.Target
}
