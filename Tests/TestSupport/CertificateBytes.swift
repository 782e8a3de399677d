/// X.509 certificates as a test wants them (RFC 5280); nothing is signed.
public struct CertificateBytes: Sendable {
    /// One attribute of a name: object identifier in its bytes, string type, content.
    public struct Attribute: Sendable {
        public var type: [UInt8]
        public var tag: UInt8
        public var value: [UInt8]

        public init(_ type: [UInt8], _ value: [UInt8], tag: UInt8 = 0x0c) {
            self.type = type
            self.tag = tag
            self.value = value
        }

        public static func commonName(_ text: String) -> Attribute { Attribute([0x55, 4, 3], utf8(text)) }
        public static func country(_ text: String) -> Attribute { Attribute([0x55, 4, 6], utf8(text), tag: 0x13) }
        public static func organization(_ text: String) -> Attribute { Attribute([0x55, 4, 10], utf8(text)) }
    }

    /// Sets of attributes, most of one.
    public var subject: [[Attribute]]
    public var issuer: [[Attribute]] = [[.country("US")], [.organization("Test, Inc.")], [.commonName("Test Root")]]
    public var serial: [UInt8] = [0x0a, 0xff]
    /// UTCTime for twelve digits and a Z, else GeneralizedTime.
    public var notBefore = "200101000000Z"
    public var notAfter = "300101000000Z"
    public var alternativeNames: [String] = []
    public var hasVersion = true

    public init(_ commonName: String = "www.example.com") { subject = [[.commonName(commonName)]] }

    public func with(_ change: (inout CertificateBytes) -> Void) -> CertificateBytes {
        var copy = self
        change(&copy)
        return copy
    }

    public var bytes: [UInt8] {
        let algorithm = Self.value(0x30, Self.value(0x06, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]))
        var body = hasVersion ? Self.value(0xa0, Self.value(0x02, [2])) : []
        body += Self.value(0x02, serial) + algorithm + Self.name(issuer)
        body += Self.value(0x30, Self.time(notBefore) + Self.time(notAfter)) + Self.name(subject)
        body += Self.value(0x30, algorithm + Self.value(0x03, [0, 1, 2, 3]))
        if !alternativeNames.isEmpty {
            let names = alternativeNames.flatMap { Self.value(0x82, utf8($0)) }
            let entry = Self.value(0x06, [0x55, 0x1d, 0x11]) + Self.value(0x04, Self.value(0x30, names))
            body += Self.value(0xa3, Self.value(0x30, Self.value(0x30, entry)))
        }
        return Self.value(0x30, Self.value(0x30, body) + algorithm + Self.value(0x03, [0, 9, 9]))
    }

    private static func name(_ sets: [[Attribute]]) -> [UInt8] {
        value(
            0x30,
            sets.flatMap { set in
                value(0x31, set.flatMap { value(0x30, value(0x06, $0.type) + value($0.tag, $0.value)) })
            })
    }

    private static func time(_ text: String) -> [UInt8] { value(text.utf8.count <= 13 ? 0x17 : 0x18, utf8(text)) }

    /// Tag, length in its shortest form, content.
    public static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        let length: [UInt8] =
            count < 128
            ? [UInt8(count)]
            : count < 256 ? [0x81, UInt8(count)] : [0x82, UInt8(truncatingIfNeeded: count >> 8), UInt8(count & 255)]
        return [tag] + length + content
    }
}

extension TLSBytes {
    /// A Certificate message (RFC 5246 section 7.4.2).
    public static func certificates(_ certificates: [[UInt8]]) -> [UInt8] {
        var body = ByteWriter()
        body.block(3) { list in
            for certificate in certificates { list.block(3) { $0.append(certificate) } }
        }
        return message(11, body.bytes)
    }
}
