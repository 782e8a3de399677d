import Foundation
import LiveSupport

/// The two families, and the server's address in each.
enum Family: String, CaseIterable, Sendable {
    case v4 = "10.99.2.2"
    case v6 = "fd99:2::2"

    var inURL: String { self == .v4 ? rawValue : "[\(rawValue)]" }
}

/// How an HTTP request ended: curl's exit code (0 fine, 7 refused, 28 timeout, 56 reset) and how long it took.
struct Fetch: Hashable, Sendable {
    var exit: Int32
    var body: String
    var seconds: Double

    var isFine: Bool { exit == 0 }
    /// Refused or reset, and at once.
    var isRefused: Bool { (exit == 7 || exit == 56) && seconds < 0.5 }
    var isTimeout: Bool { exit == 28 }
}

/// Real traffic from the client to the server.
extension GatewayLab {
    /// One HTTP request for each family and port, all at the same time.
    func fetch(ports: [Int], path: String = "/") throws -> [Family: [Int: Fetch]] {
        var children: [(family: Family, port: Int, child: ChildProcess)] = []
        for family in Family.allCases {
            for port in ports {
                let url = "http://\(family.inURL):\(port)\(path)"
                let words = ["curl", "-s", "-g", "-m", "1", "-w", "%{stderr}%{time_total}", url]
                children.append((family, port, try ChildProcess(inside(client, words))))
            }
        }
        var results: [Family: [Int: Fetch]] = [:]
        for (family, port, child) in children {
            let exit = child.wait()
            results[family, default: [:]][port] = Fetch(
                exit: exit, body: child.text(), seconds: Double(child.text(2)) ?? .infinity)
        }
        return results
    }

    /// The SHA-256 of the large file as it arrives; "" when it does not.
    func digestOnArrival(_ family: Family) throws -> String {
        let script = "set -o pipefail; curl -sS -g -m 15 http://\(family.inURL)/big | sha256sum"
        let result = try run(inside(client, ["bash", "-c", script]))
        return result.isSuccess ? String(result.output.prefix(64)) : ""
    }

    /// Sends a UDP datagram: "reply", "timeout", or the error the client gets.
    func sendUDP(_ family: Family, port: Int) throws -> String {
        let program = """
            import socket
            client = socket.socket(socket.\(family == .v4 ? "AF_INET" : "AF_INET6"), socket.SOCK_DGRAM)
            client.settimeout(0.8)
            client.connect(("\(family.rawValue)", \(port)))
            try:
                client.send(b"hello")
                print("reply" if client.recv(100) == b"hello" else "?")
            except TimeoutError:
                print("timeout")
            except OSError as error:
                print(error.strerror)
            """
        return try require(inside(client, ["python3", "-c", program])).trimmingCharacters(in: .newlines)
    }

    /// All kinds of traffic there are in `passing`.
    static let everything: Set = ["ping v4", "http v4", "udp v4", "ping v6", "http v6", "udp v6"]

    /// What passes now, all tried at the same time: three echo requests, an HTTP request and a UDP datagram of each
    /// family. What does not pass is given up after so many seconds: many, where all is to pass on a busy machine; few,
    /// where nothing is, for what leaks does so within milliseconds.
    func passing(within seconds: Double = 3) throws -> Set<String> {
        var children: [(name: String, child: ChildProcess)] = []
        for family in Family.allCases {
            let address = family.rawValue
            let echo = "exec 3<>/dev/udp/\(address)/9000; echo hello >&3; read -rN1 -t \(seconds) -u 3"
            let commands = [
                "ping": ["ping", "-q", "-n", "-i", "0.02", "-W", "\(seconds)", "-c", "3", address],
                "http": ["curl", "-sS", "-g", "-m", "\(seconds)", "http://\(family.inURL)/"],
                "udp": ["bash", "-c", echo],
            ]
            for (name, words) in commands {
                children.append(("\(name) \(family)", try ChildProcess(inside(client, words))))
            }
        }
        return Set(children.filter { $0.child.wait() == 0 }.map(\.name))
    }

    /// Waits until all traffic passes, as it does a moment after the interfaces have come up.
    func settle() throws {
        for _ in 0..<10 where try passing(within: 1) == GatewayLab.everything { return }
        throw CommandFailure(description: "the lab does not forward: only \(try passing())")
    }
}
