import AppLayer
import NetTypes
import TestSupport
import Testing

/// Files in the parts of a form.
struct HTTPMultipartTests {
    private static func files(_ body: String, type: String = "multipart/form-data; boundary=XX", byteByByte: Bool)
        -> (files: [String], events: [AppLayerEvent])
    {
        var settings = AppLayerSettings()
        settings.keepsBodies = true
        let session = AppLayerSession(isStream: true, serverPort: 80, settings: settings)
        let request = HTTPBytes.request("POST", fields: ["Content-Type: \(type)"], body: body)
        if byteByByte {
            for byte in request { _ = session.feed(.toServer, [byte].span.bytes) }
        } else {
            _ = session.feed(.toServer, request.span.bytes)
        }
        guard let transaction = session.transactions.first, case .http(let exchange) = transaction.facts else {
            return ([], [])
        }
        let files = exchange.files(.toServer, isOver: transaction.isComplete(.toServer)).map { file in
            "\(text(file.name))=\(text(file.body.bytes))\(file.isComplete ? "" : "...")"
        }
        return (files, transaction.events)
    }

    private static let field = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n"
    private static let head =
        "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n"

    private struct Row: Sendable, CustomStringConvertible {
        var body: String
        var files: [String] = []
        var events: [AppLayerEvent] = []
        var description: String { body.debugDescription }
    }

    private static let rows: [Row] = [
        Row(body: "\(head)\r\nhello\r\n--XX--\r\n", files: ["a.txt=hello"]),
        Row(
            body: "\(field)\(head)Content-Type: text/plain\r\n\r\nhe\r\n--X\r\n--XX\r\n",
            files: ["a.txt=he\r\n--X"]),
        Row(body: "\(head)\r\none\r\n\(head)\r\ntwo\r\n--XX--", files: ["a.txt=one", "a.txt=two"]),
        Row(body: "\(field)--XX--\r\n"), Row(body: "no boundary at all"),
        Row(body: "preamble\r\n\(head)\r\nx\r\n--XX--", files: ["a.txt=x"]),
        Row(body: "\(head)\r\n--XX--\r\n", events: [.httpMultipartNoFiledata]),
        Row(body: "--XX\r\nFoo\r\n\r\nhello\r\n--XX--\r\n", events: [.httpMultipartInvalidHeader]),
        Row(body: "--XX\r\nhello\r\n--XX--\r\n"),
        // Without its end a file has what can be no delimiter.
        Row(body: "\(head)\r\nhello, hello, hello", files: ["a.txt=hello, hello, ..."]),
    ]

    @Test(arguments: rows)
    private func parts(_ row: Row) {
        for byteByByte in [false, true] {
            let found = Self.files(row.body, byteByByte: byteByByte)
            #expect(found.files == row.files)
            #expect(found.events == row.events)
        }
    }

    @Test func onlyFormsWithABoundaryAreForms() {
        let body = Self.head + "\r\nhello\r\n--XX--\r\n"
        let long = "multipart/form-data; boundary=" + String(repeating: "X", count: 300)
        for type in ["multipart/form-data", "text/plain; boundary=XX", long] {
            #expect(Self.files(body, type: type, byteByByte: false).files == ["/=\(body)"])
        }
        let quoted = "Multipart/Form-Data; charset=x; Boundary=\"XX\""
        #expect(Self.files(body, type: quoted, byteByByte: false).files == ["a.txt=hello"])
    }

    @Test func anyBytesAreReadToAnEnd() throws {
        try property("forms", runs: 200) { random in
            let pieces = [
                "--XX", "\r\n", "--", "\n", "Content-Disposition: form-data; filename=x", "\r\n\r\n", "a", "--XX--",
                ":",
            ]
            let body = (0..<random.below(60)).map { _ in random.pick(pieces) }.joined()
            let whole = Self.files(body, byteByByte: false)
            let cut = Self.files(body, byteByByte: true)
            #expect(whole.files == cut.files, "\(body.debugDescription)")
        }
    }
}
