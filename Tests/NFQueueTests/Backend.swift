import Foundation
import LiveSupport
import Testing

/// One way for `scripts/gateway` to put its rules in place.
struct Backend: Sendable, CustomTestStringConvertible {
    var name: String
    var options: [String]
    /// The ending of the iptables commands it uses, or would.
    var ending: String
    /// What an admin types to flush the queue rule.
    var flush: String

    var testDescription: String { options.joined(separator: " ") }

    init(_ name: String, iptables: String? = nil) {
        self.name = name
        options = ["--backend", name]
        ending = iptables.map { "-\($0)" } ?? ""
        flush = "nft flush chain inet weir to_queue"
        if let iptables {
            options += ["--iptables", iptables]
            let commands = ["iptables", "ip6tables"].map { "\($0)-\(iptables) -t mangle -F WEIR-QUEUE" }
            flush = commands.joined(separator: "\n")
        }
    }

    /// Those that this machine can do, of all there are.
    static let available: [Backend] = {
        var backends: [Backend] = []
        guard GatewayLab.obstacle == nil else { return backends }
        for kind in ["nft", "legacy"] where (try? run(["which", "iptables-\(kind)"]))?.isSuccess == true {
            backends += [Backend("mixed", iptables: kind), Backend("iptables", iptables: kind)]
        }
        let automatic = try? GatewayLab().script(["print"])
        if automatic?.output.contains("queue num 0") == true { backends.append(Backend("nft")) }
        return backends
    }()
}

extension Backend {
    /// One with nftables and one without, for what does not differ between the variants of iptables.
    static let twoOfThem =
        available.filter { $0.name != "iptables" }.suffix(1) + available.filter { $0.name == "iptables" }.suffix(1)
}

extension GatewayLab {
    /// Installs the rules, and has to succeed.
    func install(_ backend: Backend, _ options: [String] = []) throws {
        let result = try script(["install"] + backend.options + options)
        guard result.isSuccess else { throw CommandFailure(description: "install: \(result.status) \(result.errors)") }
    }

    func remove() throws {
        let result = try script(["remove"])
        guard result.isSuccess else { throw CommandFailure(description: "remove: \(result.status) \(result.errors)") }
    }
}
