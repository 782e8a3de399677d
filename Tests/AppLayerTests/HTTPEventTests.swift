import AppLayer
import NetTypes
import TestSupport
import Testing

/// Events as Suricata 7.0.10 was seen to raise them.
struct HTTPEventTests {
    private static let get = "GET / HTTP/1.1\r\nHost: h\r\n"
    private static let post = "POST / HTTP/1.1\r\nHost: h\r\n"

    private static func events(_ request: String, _ response: String = "") -> [AppLayerEvent] {
        var settings = AppLayerSettings()
        settings.compatibleWithSuricata = true
        settings.keepsBodies = true
        let conversation = Conversation(
            [.client(request), .server(response)], port: 80, settings: settings)
        return conversation.session.transactions.flatMap(\.events)
    }

    @Test(
        arguments: [
            ("\(get)\r\n", []), ("GET / HTTP/1.1\r\n\r\n", [.httpMissingHostHeader]), ("GET / HTTP/1.0\r\n\r\n", []),
            ("GET / HTTP/1.1\r\nHost: h:99999\r\n\r\n", [.httpRequestHeaderHostInvalid]),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", [.httpRequestHeaderHostInvalid]),
            ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", []), ("GET / HTTP/1.1\r\nHost: a_b\r\n\r\n", []),
            ("GET http://h:x/ HTTP/1.1\r\nHost: h\r\n\r\n", [.httpRequestURIHostInvalid]),
            ("GET http://a/ HTTP/1.1\r\nHost: h\r\n\r\n", [.httpHostHeaderAmbiguous]),
            ("\(post)Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", []),
            ("\(post)Content-Length: 2\r\nContent-Length: 3\r\n\r\nab", [.httpDuplicateContentLengthFieldInRequest]),
            ("\(post)Content-Length: x\r\n\r\nab", [.httpInvalidContentLengthFieldInRequest]),
            ("\(post)Transfer-Encoding: gzip\r\n\r\nab", [.httpInvalidTransferEncodingValueInRequest]),
            ("\(post)Transfer-Encoding: chunked\r\n\r\n2;x=1\r\nab\r\n0\r\n\r\n", [.httpRequestChunkExtension]),
            ("\(post)Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n", [.httpInvalidRequestChunkLen]),
            ("\(get)\r\nhello\r\n", [.httpRequestBodyUnexpected]),
            ("GET / HTTP/1.1\r\n X: b\r\nHost: h\r\n\r\n", [.httpInvalidRequestFieldFolding]),
            ("\(get)abc\r\n\r\n", [.httpRequestFieldMissingColon]),
            ("\(get)X : a\r\n\r\n", [.httpRequestHeaderInvalid]),
            ("\(get)X(y: a\r\n\r\n", [.httpRequestHeaderInvalid]), ("\(get): a\r\n\r\n", [.httpRequestHeaderInvalid]),
            ("\(get)Authorization: Foo bar\r\n\r\n", [.httpRequestAuthUnrecognized]),
            ("\(get)Authorization: Basic dTpw\r\n\r\n", []),
            ("GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", [.httpMethodDelimNonCompliant]),
            ("GET /\tHTTP/1.1\r\nHost: h\r\n\r\n", [.httpURIDelimNonCompliant]),
        ] as [(String, [AppLayerEvent])])
    func requests(request: String, expected: [AppLayerEvent]) {
        #expect(Self.events(request) == expected)
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", []),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
                [.httpDuplicateContentLengthFieldInResponse]
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                [.httpResponseAbnormalTransferEncoding]
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok", []),
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [.httpResponseChunkedOldProto]),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", [.httpInvalidResponseChunkLen]),
            ("HTTP/1.1 200 OK\r\nX: a\r\n b: c\r\nContent-Length: 0\r\n\r\n", [.httpInvalidResponseFieldFolding]),
            ("HTTP/1.1 200 OK\r\nabc\r\nContent-Length: 0\r\n\r\n", [.httpResponseFieldMissingColon]),
            ("HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n", [.httpResponseHeaderInvalid]),
            ("HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n", [.httpResponseInvalidStatus]),
            ("HTTP/9.1 200 OK\r\nContent-Length: 0\r\n\r\n", [.httpResponseInvalidProtocol]),
            (
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip\r\nContent-Length: 2\r\n\r\nok",
                [.httpTooManyEncodingLayers, .httpGzipDecompressionFailed]
            ),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nok", [.httpAbnormalCeHeader]),
            ("HTTP/1.1 206 OK\r\nContent-Range: bytes x\r\nContent-Length: 0\r\n\r\n", [.httpRangeInvalid]),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                [.httpUnableToMatchResponseToRequest]
            ),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                [.http100ContinueAlreadySeen]
            ),
        ] as [(String, [AppLayerEvent])])
    func responses(response: String, expected: [AppLayerEvent]) {
        #expect(Self.events("\(Self.get)\r\n", response) == expected)
    }
}
