import AppLayer
import NetTypes

/// A condition on the frames of an HTTP/2 stream in one direction: one of them meets it.
enum HTTP2Test: Sendable {
    /// `http2.frametype`
    case frameType(UInt8)
    /// `http2.errorcode`: of RST_STREAM or GOAWAY.
    case errorCode(UInt32)
    /// `http2.priority`: the weight, one less than what it means.
    case priority(IntegerTest)
    /// `http2.window`: of WINDOW_UPDATE.
    case window(IntegerTest)
    /// `http2.settings`: this one is there, with a value that fits.
    case setting(UInt16, IntegerTest?)
    /// `http2.size_update`: of the header table, within a header block.
    case sizeUpdate(IntegerTest)

    func holds(_ side: HTTP2Stream.Side) -> Bool {
        switch self {
        case .frameType(let type): side.frameTypes & 1 << UInt32(min(type, 31)) != 0
        case .errorCode(let code): side.errorCodes.contains(code)
        case .priority(let test): side.priorities.contains { test.matches(Int64($0)) }
        case .window(let test): side.windows.contains { test.matches(Int64($0)) }
        case .setting(let identifier, let test):
            side.settings.contains { setting in
                setting.identifier == identifier && test.map { $0.matches(Int64(setting.value)) } ?? true
            }
        case .sizeUpdate(let test):
            side.lines.contains { line in
                if case .tableSizeUpdate(let size) = line { test.matches(Int64(size)) } else { false }
            }
        }
    }
}

extension Transaction {
    /// The frames this transaction is made of; nil for other protocols.
    var http2: HTTP2Stream? { if case .http(let exchange) = facts { exchange.http2 } else { nil } }

    /// A frame of an HTTP/2 connection itself: no request.
    var isOfConnection: Bool { http2?.identifier == 0 }
}
