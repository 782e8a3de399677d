import Foundation
import Synchronization

/// A client, a gateway and a server, each a network namespace of its own, with IPv4 and IPv6 between them:
///
///     client c0  10.99.1.2  ---  10.99.1.1  g0 gateway g1  10.99.2.1  ---  10.99.2.2  s0 server
///                fd99:1::2       fd99:1::1                 fd99:2::1       fd99:2::2
///
/// The namespaces and all that runs in them are gone when the value is; those a killed test run left are taken away by
/// the next one.
public final class GatewayLab {
    static let prefix = "weir-test-"
    /// One lab at a time in a process: the tests of several targets run in one, and they measure time.
    private static let turn = DispatchSemaphore(value: 1)
    private static let counter = Atomic(0)

    public let client: String
    public let gateway: String
    public let server: String
    private var testServer: TestServer?

    /// Why no lab can be built here; nil if it can.
    public static let obstacle: String? = {
        guard geteuid() == 0 else { return "needs root: network namespaces and netfilter" }
        for tool in ["ip", "nft", "iptables", "ip6tables", "ping", "curl", "python3", "timeout"] {
            guard (try? run(["which", tool]))?.isSuccess == true else { return "needs the program \(tool)" }
        }
        guard FileManager.default.fileExists(atPath: "/proc/net/netfilter/nfnetlink_queue") else {
            return "needs a kernel with nfnetlink_queue"
        }
        let name = "\(prefix)\(getpid())-probe"
        defer { _ = try? run(["ip", "netns", "del", name]) }
        guard (try? run(["ip", "netns", "add", name]))?.isSuccess == true else {
            return "needs network namespaces (ip netns add)"
        }
        return nil
    }()

    public init() throws {
        GatewayLab.turn.wait()
        try GatewayLab.sweep()
        let base = "\(GatewayLab.prefix)\(getpid())-\(GatewayLab.counter.add(1, ordering: .relaxed).newValue)"
        (client, gateway, server) = ("\(base)-c", "\(base)-g", "\(base)-s")
        for name in [client, gateway, server] {
            try require(["ip", "netns", "add", name])
            let sysctls = ["all", "default"].map { "net.ipv6.conf.\($0).accept_dad=0" }
            try require(inside(name, ["sysctl", "-qw"] + sysctls))
        }
        try require(
            ["ip", "-batch", "-"],
            input: """
                link add c0 netns \(client) type veth peer name g0 netns \(gateway)
                link add s0 netns \(server) type veth peer name g1 netns \(gateway)
                """)
        try configure(
            client, ["c0": ["10.99.1.2/24", "fd99:1::2/64"]], gateways: ["10.99.1.1", "fd99:1::1"])
        try configure(
            gateway, ["g0": ["10.99.1.1/24", "fd99:1::1/64"], "g1": ["10.99.2.1/24", "fd99:2::1/64"]], gateways: [])
        try configure(
            server, ["s0": ["10.99.2.2/24", "fd99:2::2/64"]], gateways: ["10.99.2.1", "fd99:2::1"])
        try require(inside(gateway, ["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]))
    }

    deinit {
        testServer = nil
        for name in [client, gateway, server] { _ = try? run(["ip", "netns", "del", name]) }
        GatewayLab.turn.signal()
    }

    private func configure(_ name: String, _ interfaces: [String: [String]], gateways: [String]) throws {
        var lines = ["link set lo up"]
        for (interface, addresses) in interfaces {
            lines += addresses.map { "addr add \($0) dev \(interface)" + ($0.contains(":") ? " nodad" : "") }
            lines.append("link set \(interface) up")
        }
        lines += gateways.map { "route add default via \($0)" }
        try require(["ip", "-netns", name, "-batch", "-"], input: lines.joined(separator: "\n"))
    }

    /// Takes away the namespaces of test processes that are no more.
    private static func sweep() throws {
        for line in try require(["ip", "netns", "list"]).split(separator: "\n") {
            let name = line.split(separator: " ")[0]
            guard name.hasPrefix(prefix), let owner = name.dropFirst(prefix.count).split(separator: "-").first,
                let process = pid_t(owner), kill(process, 0) != 0, errno == ESRCH
            else { continue }
            try run(["ip", "netns", "del", String(name)])
        }
    }

    /// Starts the server's services, which end with the lab.
    public func startServer() throws { testServer = try TestServer(inside(server, [])) }

    /// The SHA-256 of the server's large file.
    public var digestOfBigFile: String { testServer?.bigDigest ?? "no server" }

    public func inside(_ namespace: String, _ words: [String]) -> [String] {
        ["ip", "netns", "exec", namespace] + words
    }

    /// Runs a shell script in the gateway; it has to succeed.
    @discardableResult
    public func onGateway(_ script: String) throws -> String {
        try require(inside(gateway, ["bash", "-ec", script]))
    }

    /// Runs `scripts/gateway` in the gateway.
    @discardableResult
    public func script(_ words: [String]) throws -> CommandResult {
        try run(inside(gateway, ["\(repository)/scripts/gateway"] + words))
    }

    /// The gateway's netfilter rules without their counters: nftables, and both tables of iptables-legacy.
    public func rules() throws -> String {
        try onGateway(
            """
            nft --stateless list ruleset 2>/dev/null
            for command in iptables-legacy-save ip6tables-legacy-save; do
                if command -v $command >/dev/null; then $command; fi
            done | sed '/^#/d; s/\\[[0-9:]*\\]//' | awk '
                /^\\*/ { table = $0; text = ""; used = 0; next }
                /^COMMIT/ { if (used) print table text; next }
                { text = text "\\n" $0; if (!/^:[A-Z]+ ACCEPT/) used = 1 }'
            """)
    }
}
