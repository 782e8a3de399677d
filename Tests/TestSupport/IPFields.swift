import NetTypes

/// An IPv4 header as a test wants it; what is nil is computed.
public struct IPv4Fields: Sendable {
    public var source: IPAddress
    public var destination: IPAddress
    public var timeToLive: UInt8 = 64
    public var typeOfService: UInt8 = 0
    public var identification: UInt16 = 0x1234
    public var dontFragment = true
    public var reservedBit = false
    public var moreFragments = false
    /// In bytes, a multiple of eight.
    public var fragmentOffset = 0
    /// Padded to a multiple of four.
    public var options: [UInt8] = []
    public var version: UInt8 = 4
    /// In words of four bytes.
    public var headerWords: UInt8?
    public var totalLength: UInt16?
    public var checksum: UInt16?

    public init(source: IPAddress, destination: IPAddress) {
        self.source = source
        self.destination = destination
    }

    /// The header in front of `payload`.
    public func bytes(_ ipProtocol: IPProtocol, _ payload: [UInt8]) -> [UInt8] {
        let padded = options + [UInt8](repeating: 0, count: (4 - options.count % 4) % 4)
        var header = ByteWriter()
        header.u8(version << 4 | (headerWords ?? UInt8(5 + padded.count / 4)))
        header.u8(typeOfService)
        header.u16(totalLength ?? UInt16(truncatingIfNeeded: 20 + padded.count + payload.count))
        header.u16(identification)
        let flags: UInt16 =
            (reservedBit ? 0x8000 : 0) | (dontFragment ? 0x4000 : 0) | (moreFragments ? 0x2000 : 0)
        header.u16(flags | UInt16(fragmentOffset / 8))
        header.u8(timeToLive)
        header.u8(ipProtocol.rawValue)
        header.u16(0)
        header.u32(source.v4Bits)
        header.u32(destination.v4Bits)
        header.append(padded)
        let sum = LengthField(offset: 10, width: 2)
        let complete = sum.setting(Int(checksum ?? internetChecksum(header.bytes)), in: header.bytes)
        return complete + payload
    }
}

/// An IPv6 header with extension headers as a test wants them.
public struct IPv6Fields: Sendable {
    /// A header between the IPv6 header and the transport: its type, and its bytes from the second one on.
    public struct Extension: Sendable {
        public var type: IPProtocol
        public var body: [UInt8]

        public init(_ type: IPProtocol, body: [UInt8]) {
            self.type = type
            self.body = body
        }

        /// Hop-by-hop, routing, destination options and the like: `units` more than the first eight bytes.
        public static func options(_ type: IPProtocol, units: Int = 0) -> Extension {
            Extension(type, body: [UInt8(units)] + [UInt8](repeating: 0, count: 6 + 8 * units))
        }

        /// RFC 8200 section 4.5; `offset` in bytes.
        public static func fragment(offset: Int, more: Bool, identification: UInt32) -> Extension {
            var body = ByteWriter()
            body.u8(0)
            body.u16(UInt16(offset & 0xfff8) | (more ? 1 : 0))
            body.u32(identification)
            return Extension(.fragment, body: body.bytes)
        }

        /// RFC 4302: the length counts words of four bytes, less two.
        public static func authentication(words: Int = 4) -> Extension {
            Extension(.authentication, body: [UInt8(words)] + [UInt8](repeating: 0, count: (words + 2) * 4 - 2))
        }
    }

    public var source: IPAddress
    public var destination: IPAddress
    public var hopLimit: UInt8 = 64
    public var trafficClass: UInt8 = 0
    public var flowLabel: UInt32 = 0
    public var extensions: [Extension] = []
    public var version: UInt8 = 6
    public var payloadLength: UInt16?

    public init(source: IPAddress, destination: IPAddress) {
        self.source = source
        self.destination = destination
    }

    /// The headers in front of `payload`.
    public func bytes(_ ipProtocol: IPProtocol, _ payload: [UInt8]) -> [UInt8] {
        let types = extensions.map(\.type) + [ipProtocol]
        let chain = zip(extensions, types.dropFirst()).flatMap { [$1.rawValue] + $0.body }
        var header = ByteWriter()
        header.u32(UInt32(version) << 28 | UInt32(trafficClass) << 20 | flowLabel)
        header.u16(payloadLength ?? UInt16(truncatingIfNeeded: chain.count + payload.count))
        header.u8(types[0].rawValue)
        header.u8(hopLimit)
        for address in [source, destination] {
            header.u32(UInt32(truncatingIfNeeded: address.high >> 32))
            header.u32(UInt32(truncatingIfNeeded: address.high))
            header.u32(UInt32(truncatingIfNeeded: address.low >> 32))
            header.u32(UInt32(truncatingIfNeeded: address.low))
        }
        return header.bytes + chain + payload
    }
}
