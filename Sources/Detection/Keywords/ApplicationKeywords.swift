import AppLayer
import RuleLanguage

/// Keywords about a flow's application protocol and the state of its parser.
enum ApplicationKeywords {
    static let all = [
        Keyword(
            name: "app-layer-protocol", value: .required,
            summary: "The recognised protocol, or !protocol; failed when recognition ended without one."
        ) { builder, argument throws(RuleProblem) in
            guard builder.appProtocol == .unknown else {
                throw RuleProblem(
                    "the rule's header or another keyword names a protocol already",
                    hint: "use a tcp, udp or ip header with app-layer-protocol")
            }
            let text = argument.text.filter { $0 != " " }
            let isNegated = text.hasPrefix("!")
            let name = String(text.dropFirst(isNegated ? 1 : 0)).lowercased()
            let wanted: AppProtocol
            if name == "failed" {
                wanted = .failed
            } else if name == "unknown" {
                wanted = .unknown
            } else if let found = RuleProtocol.applications[name] {
                wanted = found.appProtocol
            } else {
                throw RuleProblem(
                    "'\(name)' is no application protocol",
                    hint:
                        "expected one of \(RuleProtocol.applications.keys.sorted().joined(separator: ", ")), failed, unknown"
                )
            }
            builder.add(.appLayerProtocol(wanted, isNegated: isNegated))
        },
        Keyword(
            name: "ssl_state", value: .required,
            summary:
                "Newest handshake message: client_hello, server_hello, client_keyx, server_keyx, unknown; with ! and |."
        ) { builder, argument throws(RuleProblem) in
            try builder.require(.tls, for: argument.option)
            var mask: TLSHandshake.HandshakeState = []
            var inverted: TLSHandshake.HandshakeState = []
            for part in argument.text.split(whereSeparator: { $0 == "|" || $0 == "," }) {
                let word = part.filter { $0 != " " }
                let isNegated = word.hasPrefix("!")
                guard let state = handshakeStates[String(word.dropFirst(isNegated ? 1 : 0))] else {
                    throw RuleProblem(
                        "'\(word)' is no handshake state",
                        hint: "expected \(handshakeStates.keys.sorted().joined(separator: ", "))")
                }
                mask.insert(state)
                if isNegated { inverted.insert(state) }
            }
            guard !mask.isEmpty else { throw RuleProblem("ssl_state names no state") }
            builder.transactionTests.append(.handshakeState(mask: mask.rawValue, inverted: inverted.rawValue))
        },
        Keyword(
            name: "tls.version", value: .required, summary: "The version both sides agreed on: 1.0, 1.1, 1.2 or 1.3."
        ) { builder, argument throws(RuleProblem) in
            try builder.require(.tls, for: argument.option)
            let value = try argument.quoted()
            guard let version = versions[String(value.text)] else {
                throw RuleProblem("'\(value.text)' is no TLS version", hint: "expected 1.0, 1.1, 1.2 or 1.3")
            }
            builder.transactionTests.append(.tlsVersion(version, isNegated: value.isNegated))
        },
    ]

    private static let handshakeStates: [String: TLSHandshake.HandshakeState] = [
        "client_hello": .clientHello, "server_hello": .serverHello, "client_keyx": .clientKeyExchange,
        "server_keyx": .serverKeyExchange, "unknown": .unknown,
    ]

    private static let versions: [String: UInt16] = ["1.0": 0x0301, "1.1": 0x0302, "1.2": 0x0303, "1.3": 0x0304]
}
