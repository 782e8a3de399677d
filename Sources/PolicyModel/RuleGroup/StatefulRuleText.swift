import RuleLanguage

/// One entry of `StatefulRules`: a rule of five-tuple and options, written as JSON. It becomes rule text: action and
/// protocol in lower case, the header's fields as they are, the options in their order as `keyword:setting;` or
/// `keyword;`. Several settings are joined by commas.
struct StatefulRuleText {
    let text: String
    let optionCount: Int

    private enum Action: String, CaseIterable {
        case pass = "PASS"
        case drop = "DROP"
        case alert = "ALERT"
        case reject = "REJECT"
    }

    private enum HeaderProtocol: String, CaseIterable {
        case ip = "IP"
        case tcp = "TCP"
        case udp = "UDP"
        case icmp = "ICMP"
        case http = "HTTP"
        case ftp = "FTP"
        case tls = "TLS"
        case smb = "SMB"
        case dns = "DNS"
        case dcerpc = "DCERPC"
        case ssh = "SSH"
        case smtp = "SMTP"
        case imap = "IMAP"
        case msn = "MSN"
        case krb5 = "KRB5"
        case ikev2 = "IKEV2"
        case tftp = "TFTP"
        case ntp = "NTP"
        case dhcp = "DHCP"
        case http2 = "HTTP2"
        case quic = "QUIC"
    }

    private enum Direction: String, CaseIterable {
        case forward = "FORWARD"
        case any = "ANY"
    }

    init?(_ node: DocumentNode, _ problems: inout [Diagnostic]) {
        let keys = ["Action", "Header", "RuleOptions"]
        guard let fields = DocumentFields(node, of: "the stateful rule", keys: keys, &problems) else { return nil }
        let action = fields.required("Action", &problems)?.word(of: Action.self, &problems)
        let header = fields.required("Header", &problems).flatMap { StatefulRuleText.header($0, &problems) }
        let options = fields.required("RuleOptions", &problems).flatMap { StatefulRuleText.options($0, &problems) }
        guard let action, let header, let options else { return nil }
        text = "\(action.rawValue.lowercased()) \(header) (\(options.joined(separator: " ")))"
        optionCount = options.count
    }

    private static func header(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> String? {
        let keys = ["Protocol", "Source", "SourcePort", "Direction", "Destination", "DestinationPort"]
        guard let fields = DocumentFields(node, of: "Header", keys: keys, &problems) else { return nil }
        let name = fields.required("Protocol", &problems)?.word(of: HeaderProtocol.self, &problems)
        let direction = fields.required("Direction", &problems)?.word(of: Direction.self, &problems)
        let source = address("Source", fields, &problems)
        let sourcePort = port("SourcePort", fields, &problems)
        let destination = address("Destination", fields, &problems)
        let destinationPort = port("DestinationPort", fields, &problems)
        guard let name, let direction, let source, let sourcePort, let destination, let destinationPort else {
            return nil
        }
        let arrow = direction == .forward ? "->" : "<>"
        return "\(name.rawValue.lowercased()) \(source) \(sourcePort) \(arrow) \(destination) \(destinationPort)"
    }

    private static func address(_ key: String, _ fields: DocumentFields, _ problems: inout [Diagnostic]) -> String? {
        guard let node = fields.required(key, &problems), let text = node.string(.text(1...1024), &problems) else {
            return nil
        }
        do throws(ExpressionError) {
            _ = try AddressExpression(parsing: text)
            return text
        } catch {
            problems.error(at: node.location, "\(key) is invalid: \(error.message)")
            return nil
        }
    }

    private static func port(_ key: String, _ fields: DocumentFields, _ problems: inout [Diagnostic]) -> String? {
        guard let node = fields.required(key, &problems), let text = node.string(.text(1...1024), &problems) else {
            return nil
        }
        do throws(ExpressionError) {
            _ = try PortExpression(parsing: text)
            return text
        } catch {
            problems.error(at: node.location, "\(key) is invalid: \(error.message)")
            return nil
        }
    }

    private static func options(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> [String]? {
        guard let items = node.list(&problems) else { return nil }
        var options: [String] = []
        for item in items {
            guard let fields = DocumentFields(item, of: "the rule option", keys: ["Keyword", "Settings"], &problems),
                let keyword = text(fields.required("Keyword", &problems), 1...128, &problems)
            else { return nil }
            var settings: [String] = []
            for setting in fields["Settings"]?.list(&problems) ?? [] {
                guard let setting = text(setting, 1...8192, &problems) else { return nil }
                settings.append(setting)
            }
            options.append(settings.isEmpty ? "\(keyword);" : "\(keyword):\(settings.joined(separator: ","));")
        }
        return options
    }

    /// A text that stays on its line.
    private static func text(
        _ node: DocumentNode?, _ lengths: ClosedRange<Int>, _ problems: inout [Diagnostic]
    ) -> String? {
        guard let node, let text = node.string(.text(lengths), &problems) else { return nil }
        if !text.utf8.contains(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) { return text }
        problems.error(at: node.location, "a rule option cannot hold a line break")
        return nil
    }
}
