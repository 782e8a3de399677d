import Wire

/// The Ethernet addresses of a frame (IEEE 802.3): the receiver's six octets, then the sender's.
public struct LinkAddresses: Hashable, Sendable {
    public var source: UInt64
    public var destination: UInt64

    /// - Parameter frame: from its link header on; nil when it is too short for one.
    public init?(frame: RawSpan) {
        guard frame.byteCount >= 14 else { return nil }
        func address(at start: Int) -> UInt64 {
            (start..<start + 6).reduce(0) { $0 << 8 | UInt64(frame.byte(at: $1)) }
        }
        destination = address(at: 0)
        source = address(at: 6)
    }

    /// `00:11:22:33:44:55`
    static func text(_ address: UInt64) -> [UInt8] {
        var text: [UInt8] = []
        for shift in stride(from: 40, through: 0, by: -8) {
            if !text.isEmpty { text.append(UInt8(ascii: ":")) }
            text += JSONWriter.hexadecimal(UInt8(truncatingIfNeeded: address >> UInt64(shift)))
        }
        return text
    }
}

/// The Ethernet addresses that the packets of one flow had.
public struct LinkAddressSet: Sendable {
    /// Of each side; more tell nothing about a flow. Suricata's number.
    static let maximumCount = 10

    private(set) var client: [UInt64] = []
    private(set) var server: [UInt64] = []

    public init() {}

    /// - Parameter isToServer: the packet goes from the client to the server.
    public mutating func add(_ addresses: LinkAddresses, isToServer: Bool) {
        LinkAddressSet.add(isToServer ? addresses.source : addresses.destination, to: &client)
        LinkAddressSet.add(isToServer ? addresses.destination : addresses.source, to: &server)
    }

    private static func add(_ address: UInt64, to list: inout [UInt64]) {
        if list.count < maximumCount, !list.contains(address) { list.append(address) }
    }
}

extension EVEEncoder {
    mutating func ethernet(_ addresses: LinkAddresses?) {
        guard let addresses else { return }
        writer.beginObject("ether")
        writer.member("src_mac", bytes: LinkAddresses.text(addresses.source))
        writer.member("dest_mac", bytes: LinkAddresses.text(addresses.destination))
        writer.endObject()
    }

    mutating func ethernet(_ set: LinkAddressSet?) {
        guard let set else { return }
        writer.beginObject("ether")
        writer.beginArray("dest_macs")
        for address in set.server { writer.element(bytes: LinkAddresses.text(address)) }
        writer.endArray()
        writer.beginArray("src_macs")
        for address in set.client { writer.element(bytes: LinkAddresses.text(address)) }
        writer.endArray()
        writer.endObject()
    }
}
