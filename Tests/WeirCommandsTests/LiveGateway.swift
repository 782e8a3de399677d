import Foundation
import LiveSupport

/// `weir run` on the gateway of a lab, with the shipped policy or another, and nginx on the server.
final class LiveGateway {
    static let homeNet = "vars.HOME_NET=[10.99.1.0/24,fd99:1::/64]"

    let lab: GatewayLab
    let log: Folder
    private let web: WebServer
    private(set) var weir: ChildProcess?

    static var obstacle: String? { GatewayLab.obstacle ?? WebServer.obstacle }

    /// - Parameter served: the namespace nginx runs in; the lab's server without one.
    init(
        policy: String = repository + "/rules/policy.yaml", prepare: (GatewayLab) throws -> Void = { _ in },
        served: String? = nil
    ) throws {
        lab = try GatewayLab()
        log = try Folder()
        try prepare(lab)
        web = try WebServer(lab.inside(served ?? lab.server, []))
        let result = try lab.script(["install"])
        guard result.isSuccess else { throw CommandFailure(description: "gateway install: \(result.errors)") }
        try start(policy: policy)
    }

    deinit { _ = stop() }

    func start(policy: String = repository + "/rules/policy.yaml") throws {
        let child = try ChildProcess(
            lab.inside(
                lab.gateway,
                [Program.path, "run", "--policy", policy, "--log-dir", log.path, "--set", LiveGateway.homeNet]))
        weir = child
        for _ in 0..<1000 {
            if child.text(2).contains("guarding") { return }
            guard child.isRunning else { break }
            usleep(10_000)
        }
        throw CommandFailure(description: "weir did not start: \(child.text(2))")
    }

    /// Ends weir as a service manager would; its exit code.
    func stop() -> Int32? {
        guard let child = weir else { return nil }
        weir = nil
        child.terminate()
        return child.wait()
    }

    /// curl on the client; `address` stands for the name's.
    func curl(_ url: String, at address: String = "10.99.2.2", _ more: [String] = []) throws -> CommandResult {
        guard let parts = URLComponents(string: url), let host = parts.host else {
            throw CommandFailure(description: "no URL: \(url)")
        }
        let port = parts.port ?? (parts.scheme == "https" ? 443 : 80)
        let literal = address.contains(":") ? "[\(address)]" : address
        return try run(
            lab.inside(
                lab.client,
                [
                    "curl", "-sk", "--noproxy", "*", "-m", "6", "-o", "/dev/null", "-w", "%{http_code} %{time_total}",
                    "--resolve",
                    "\(host):\(port):\(literal)",
                ] + more + [url]))
    }
}

extension CommandResult {
    /// The status code curl printed.
    var httpStatus: Int { Int(output.split(separator: " ").first ?? "") ?? 0 }
    /// Seconds curl took.
    var seconds: Double { Double(output.split(separator: " ").last ?? "") ?? .infinity }
    /// The connection was reset or refused, and soon.
    var isRejectedAtOnce: Bool { [7, 35, 52, 56].contains(status) && seconds < 3 }
}
