import AppLayer
import NetTypes

/// Buffers of an HTTP/2 stream that HTTP/1 does not have, or has otherwise.
enum HTTP2Buffers {
    static let all = [
        StickyBuffer(
            id: .http2HeaderName, name: "http2.header_name", appProtocol: .http2, directions: [.toServer, .toClient],
            progress: HTTPMessage.Step.line, isMultiple: true,
            summary: "Each field's name in a header block, those that begin with a colon included.")
    ]

    /// Nil when HTTP/1's buffer serves.
    static func bytes(
        of buffer: BufferID, _ stream: HTTP2Stream, _ direction: FlowDirection, _ instance: Int
    ) -> BufferBytes?? {
        switch buffer {
        case .http2HeaderName:
            var left = instance
            for case .field(let name, _) in stream.side(direction).lines {
                if left == 0 { return BufferBytes(name) }
                left -= 1
            }
            return .some(nil)
        // Frames without a head have these too.
        case .httpProtocol: return BufferBytes(Array("HTTP/2".utf8))
        case .httpStatusMessage: return BufferBytes([])
        default: return nil
        }
    }
}
