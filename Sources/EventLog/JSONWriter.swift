/// Writes one JSON object after another into a byte buffer, without building a tree: the log is written for every flow
/// and alert, and a general encoder costs thirty times as much.
public struct JSONWriter {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init() {}

    public mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    // MARK: structure

    public mutating func beginObject() {
        comma()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    public mutating func beginObject(_ key: StaticString) {
        self.key(key)
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    public mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    public mutating func beginArray(_ key: StaticString) {
        self.key(key)
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    public mutating func beginArray(key: String) {
        comma()
        quoted(key.utf8)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    public mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    public mutating func endLine() {
        bytes.append(10)
        needsComma = false
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    /// Keys are literals of this program: nothing in them needs escaping.
    private mutating func key(_ key: StaticString) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        key.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    // MARK: members

    public mutating func member(_ name: StaticString, _ value: String) {
        key(name)
        quoted(value.utf8)
    }

    public mutating func member(_ name: StaticString, literal value: StaticString) {
        key(name)
        bytes.append(UInt8(ascii: "\""))
        value.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Bytes a peer sent: as text when they are UTF-8, else with `\xNN` for each byte that is not ASCII.
    public mutating func member(_ name: StaticString, bytes value: some Collection<UInt8>) {
        key(name)
        text(value)
    }

    public mutating func member(key name: String, _ value: String) {
        comma()
        quoted(name.utf8)
        bytes.append(UInt8(ascii: ":"))
        quoted(value.utf8)
    }

    public mutating func member(key name: String, _ value: some FixedWidthInteger) {
        comma()
        quoted(name.utf8)
        bytes.append(UInt8(ascii: ":"))
        number(value)
    }

    public mutating func member(_ name: StaticString, _ value: some FixedWidthInteger) {
        key(name)
        number(value)
    }

    public mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        bytes += Array((value ? "true" : "false").utf8)
    }

    public mutating func beginObject(key name: String) {
        comma()
        quoted(name.utf8)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    // MARK: elements

    public mutating func element(_ value: String) {
        comma()
        quoted(value.utf8)
    }

    public mutating func element(bytes value: some Collection<UInt8>) {
        comma()
        text(value)
    }

    public mutating func element(_ value: some FixedWidthInteger) {
        comma()
        number(value)
    }

    // MARK: values

    /// Appends text that is JSON already.
    public mutating func raw(_ name: StaticString, _ value: [UInt8]) {
        key(name)
        bytes += value
    }

    private mutating func number(_ value: some FixedWidthInteger) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var magnitude = UInt64(value.magnitude)
        var digits: (InlineArray<20, UInt8>, Int) = (InlineArray(repeating: 0), 0)
        repeat {
            digits.0[digits.1] = UInt8(truncatingIfNeeded: 48 + magnitude % 10)
            digits.1 += 1
            magnitude /= 10
        } while magnitude > 0
        while digits.1 > 0 {
            digits.1 -= 1
            bytes.append(digits.0[digits.1])
        }
    }

    private mutating func text(_ value: some Collection<UInt8>) {
        if value.allSatisfy({ $0 < 0x80 }) {
            quoted(value)
        } else if let text = String(validating: value, as: UTF8.self) {
            quoted(text.utf8)
        } else {
            quoted(value.flatMap { $0 < 0x80 ? [$0] : Array("\\x".utf8) + JSONWriter.hexadecimal($0) })
        }
    }

    private mutating func quoted(_ value: some Collection<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        for byte in value {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 10: bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case 13: bytes += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
            case 9: bytes += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
            case 0..<32, 127: bytes += Array("\\u00".utf8) + JSONWriter.hexadecimal(byte)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    static func hexadecimal(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
