import NetTypes
import TestSupport
import Wire

/// Inputs to begin with, made by code: conversations of each protocol, whole and cut, and texts of each form.
extension FuzzTarget {
    var seeds: [[UInt8]] {
        switch self {
        case .decode: FuzzTarget.frames.map { [0, 0] + $0 }
        case .streams: [[0, 0, 0, 9, 4, 0, 0, 10, 0, 80, 10, 0, 40, 10], [255, 255, 255, 250, 0, 0, 1, 3, 0, 0, 9]]
        case .fragments:
            [[0, 0, 0, 0, 10, 2, 0, 10, 3], [1, 4, 0, 5, 9, 4, 0, 0, 5, 6, 0, 14, 1], [0, 3, 0, 9, 9, 1, 0, 0, 9]]
        case .session: FuzzTarget.conversations
        case .quic: FuzzTarget.initials
        case .capture: FuzzTarget.captureFiles
        case .rules:
            FuzzPolicy.text.split(separator: "\n").map { Array($0.utf8) + [10] } + [Array(FuzzPolicy.text.utf8)]
        case .documents: FuzzTarget.texts
        case .pipeline: FuzzTarget.captures
        }
    }

    /// What both sides say, by place in `ports`.
    private static var dialogues: [(port: UInt8, client: [UInt8], server: [UInt8])] {
        [
            (
                0, TLSBytes.clientHello("www.example.com") + TLSBytes.changeCipherSpec + TLSBytes.applicationData(),
                TLSBytes.record(TLSBytes.serverHello()) + TLSBytes.applicationData()
            ),
            (0, TLSBytes.record(ClientHelloBytes.postQuantum("denied.test").message), TLSBytes.alert(40)),
            (
                1, utf8("GET /a HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: x\r\n\r\n"),
                utf8("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")
            ),
            (
                1, utf8("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
                utf8(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n2\r\nxx\r\n0\r\n\r\n"
                )
            ),
            (1, utf8("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), utf8("HTTP/1.1 200 OK\r\n\r\n")),
            (1, utf8("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + [0, 0, 0, 4, 0, 0, 0, 0, 0], [0, 0, 0, 4, 0, 0, 0, 0, 0]),
            (2, DNSBytes.stream(DNSBytes.query("example.com")), DNSBytes.stream(DNSBytes.response("example.com"))),
            (3, utf8("SSH-2.0-OpenSSH_9.2\r\n"), utf8("SSH-2.0-OpenSSH_9.2\r\n")),
            (
                4,
                utf8("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nSTARTTLS\r\n"),
                utf8("220 a\r\n250 b\r\n250 c\r\n250 d\r\n354 e\r\n250 f\r\n220 g\r\n")
            ),
            (5, utf8("USER a\r\nPORT 10,0,0,1,9,9\r\nRETR f\r\n"), utf8("220 a\r\n331 b\r\n200 c\r\n150 d\r\n")),
        ]
    }

    private static var conversations: [[UInt8]] {
        dialogues.flatMap { dialogue in
            [1, 2, 7].map { parts in
                var script = FuzzScript(bytes: [2, dialogue.port])
                for (how, bytes) in [(UInt8(0), dialogue.client), (1, dialogue.server)] {
                    let size = max(1, (bytes.count + parts - 1) / parts)
                    for from in stride(from: 0, to: bytes.count, by: size) {
                        script.u8(how)
                        script.piece(Array(bytes[from..<min(bytes.count, from + size)]))
                    }
                }
                return script.bytes
            }
        } + datagrams
    }

    private static var initials: [[UInt8]] {
        let hello = Array(ClientHelloBytes.postQuantum("www.example.com").message)
        let pieces = [
            [QUICBytes.crypto(hello)],
            [QUICBytes.crypto(Array(hello[50...]), at: 50), QUICBytes.crypto(Array(hello[..<50]))],
            [[1, 2, 0, 0, 0, 0] + QUICBytes.crypto(Array(hello[..<9])), [28, 0, 0, 0]],
        ]
        return pieces.map { frames in
            var script = FuzzScript(bytes: [0])
            for piece in frames {
                script.u8(16)
                script.piece(piece)
            }
            return script.bytes
        }
    }

    private static var captureFiles: [[UInt8]] {
        let script = scripts[0].frames
        // Section, interface, a packet of four bytes.
        let head: [UInt8] =
            [10, 13, 13, 10, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0] + [UInt8](repeating: 255, count: 8) + [
                28, 0, 0, 0,
            ]
        let interface: [UInt8] = [1, 0, 0, 0, 28, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0, 28, 0, 0, 0]
        let packet: [UInt8] =
            [6, 0, 0, 0, 36, 0, 0, 0] + [UInt8](repeating: 0, count: 12) + [
                4, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4, 36, 0, 0, 0,
            ]
        return [
            CaptureFile.bytes(script), head + interface + packet + packet, head + interface + head + interface + packet,
        ]
    }

    private static var datagrams: [[UInt8]] {
        [DNSBytes.query("example.com"), DNSBytes.response("example.com")].map { message in
            var script = FuzzScript(bytes: [4, 2, 0])
            script.piece(message)
            return script.bytes
        }
    }

    private static var scripts: [TCPScript] {
        dialogues.map { dialogue in
            var script = TCPScript(port: ports[Int(dialogue.port)])
            script.handshake()
            script.client(dialogue.client, cut: [3, 60])
            script.repeatPacket()
            script.server(dialogue.server, cut: [5])
            script.swapLastTwo()
            script.finish(.toServer)
            return script
        }
    }

    private static var captures: [[UInt8]] {
        scripts.map { script in
            var bytes = FuzzScript(bytes: [0])
            for frame in script.frames {
                bytes.u8(0)
                bytes.piece(frame.bytes)
            }
            return bytes.bytes
        }
    }

    private static var frames: [[UInt8]] {
        let four = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1")
        let six = PacketBuilder(from: "fd00::1", to: "2001:db8::1")
        return [four, six].flatMap { path in
            [
                path.tcp(TCPFields(40_000, 443, .syn, options: [.maximumSegmentSize(1460), .windowScale(7)])),
                path.udp(UDPFields(4000, 53), DNSBytes.query("example.com")), path.icmp(type: 8),
                path.with { $0.vlan = [5] }.icmp(type: 128),
            ] + path.fragments(.udp, path.udpDatagram(UDPFields(1, 2), [UInt8](repeating: 7, count: 64)), size: 24)
        }
    }

    private static var texts: [[UInt8]] {
        [
            "RulesSource: { RulesString: \"pass tls any any -> any any (sid:1;)\" }\n",
            "RulesSource:\n  RulesSourceList: { Targets: [\".example.com\"], TargetTypes: [TLS_SNI], GeneratedRulesType: ALLOWLIST }\n",
            "StatelessDefaultActions: [\"aws:forward_to_sfe\"]\nStatelessFragmentDefaultActions: [\"aws:drop\"]\n",
            "{\"RuleGroup\":{\"RulesSource\":{\"RulesString\":\"\"}},\"Type\":\"STATEFUL\",\"Capacity\":10}",
            ".example.com\n10.0.0.0/8\n# comment\n",
        ].map { [0] + Array($0.utf8) } + [[2] + Array(FuzzPolicy.text.utf8)]
    }
}
