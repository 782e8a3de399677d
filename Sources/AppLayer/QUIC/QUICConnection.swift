import Wire

/// Tells where one QUIC connection ends and another begins on the same addresses and ports.
public enum QUICConnection {
    /// The connection that a client's datagram begins: the destination ID of its first packet, when that is an Initial
    /// packet sealed with the keys made of that very ID. Later Initial packets are sealed with the same keys and go to an
    /// ID of the server's.
    public static func begun(by datagram: RawSpan) -> [UInt8]? {
        guard datagram.byteCount > 0, datagram.byte(at: 0) & 0x80 != 0, let header = try? QUICHeader(datagram),
            header.kind == .initial, !header.version.isClear,
            let keys = QUICInitialKeys(version: header.version, connectionID: header.destinationID)
        else { return nil }
        let packet = datagram.clamped(0..<(header.length + header.payloadLength))
        guard keys.client.open(packet, headerLength: header.length, largest: -1) != nil else { return nil }
        return header.destinationID
    }
}

extension AppLayerSession {
    /// The ID that the keys of the connection are made of; nil before they are known.
    public var quicConnection: [UInt8]? { (parser as? QUICParser)?.connectionID }
}
