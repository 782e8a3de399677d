import TestSupport
import Wire

/// Differences in what is read as a name, and whose it is.
extension CompatibilityTests {
    static func conversation(_ say: (inout TCPScript) -> Void) -> [TimedFrame] {
        var script = established
        say(&script)
        return script.frames
    }

    static func http2(_ frames: [UInt8]) -> [TimedFrame] {
        conversation {
            $0.client(HTTP2Bytes.preface + HTTP2Bytes.settings())
            $0.server(HTTP2Bytes.settings())
            $0.client(frames)
        }
    }

    static func initial(_ ports: UDPFields) -> [TimedFrame] {
        timed(
            out.udp(ports, QUICBytes().initial(QUICBytes.crypto(ClientHelloBytes("denied.example").message))))
    }

    static let nothing = "alert tcp any any -> any any (flags:U; sid:1;)"
    static let deniedHost = #"drop http any any -> any any (http.host; content:"denied.example"; endswith; sid:1;)"#

    static let nameRows: [Row] = [
        Row(
            what: "two Content-Lengths", rules: nothing,
            frames: conversation {
                $0.client("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello")
            },
            weir: .drop(.applicationError), suricata: .accept),
        Row(
            what: "two hosts", rules: nothing,
            frames: conversation { $0.client("GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n") },
            weir: .drop(.applicationError), suricata: .accept),
        Row(
            what: "a port in Host", rules: deniedHost,
            frames: conversation { $0.client("GET / HTTP/1.1\r\nHost: DENIED.example:8080\r\n\r\n") },
            weir: .drop(.rules, 1), suricata: .accept),
        Row(
            what: "HTTP/2: another Host than :authority", rules: nothing,
            frames: http2(HTTP2Bytes.request("a.example", fields: [("host", "b.example")])),
            weir: .drop(.applicationError), suricata: .accept),
        Row(
            what: "HTTP/2: a second :authority", rules: nothing,
            frames: http2(HTTP2Bytes.request("a.example", fields: [(":authority", "b.example")])),
            weir: .drop(.applicationError), suricata: .accept),
        Row(
            what: "HTTP/2: a block that refers to what is not there", rules: nothing,
            frames: http2(
                HTTP2Bytes.frame(
                    .headers, flags: HTTP2Bytes.endHeaders | HTTP2Bytes.endStream, stream: 1, [0xFF, 0x40])
            ),
            weir: .drop(.applicationError), suricata: .accept),
        Row(
            what: "HTTP/2: an encoded path",
            rules: #"drop http2 any any -> any any (http.uri; content:"/bad"; sid:1;)"#,
            frames: http2(HTTP2Bytes.request("a.example", "/%62ad")),
            weir: .drop(.rules, 1), suricata: .accept),
        Row(
            what: "QUIC off its ports", rules: "drop quic any any -> any any (sid:1;)",
            frames: initial(UDPFields(40_000, 4433)), weir: .drop(.rules, 1), suricata: .accept),
        Row(
            what: "DNS off its port", rules: #"drop dns any any -> any any (dns.query; content:"denied"; sid:1;)"#,
            frames: timed(out.udp(UDPFields(40_000, 5300), DNSBytes.query("denied.example"))),
            weir: .drop(.rules, 1), suricata: .accept),
        Row(
            what: "TLS behind STARTTLS of IMAP",
            rules: #"drop tls any any -> any any (tls.sni; content:"denied"; sid:1;)"#,
            frames: conversation {
                $0.server("* OK IMAP4rev1 ready\r\n")
                $0.client("a1 STARTTLS\r\n")
                $0.server("a1 OK begin\r\n")
                $0.client(TLSBytes.clientHello("denied.example"))
            },
            weir: .drop(.rules, 1), suricata: .accept),
        Row(
            what: "a hello with two names", rules: nothing,
            frames: conversation {
                $0.client(TLSBytes.record(ClientHelloBytes().with { $0.names = ["a.example", "b.example"] }.message))
            },
            weir: .drop(.applicationError), suricata: .accept),
        Row(
            what: "data behind a FIN", rules: nothing,
            frames: conversation {
                $0.client("hello")
                $0.finish(.toServer)
                $0.client("more")
            },
            weir: .drop(.streamError), suricata: .accept),
    ]
}
