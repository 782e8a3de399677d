import Foundation
import LiveSupport
import Testing

/// The whole program inline: real namespaces, a real queue, curl and nginx, the shipped policy.
@Suite(.serialized, .enabled(if: LiveGateway.obstacle == nil, "\(LiveGateway.obstacle ?? "")"))
struct LiveGatewayTests {
    static let addresses = ["10.99.2.2", "fd99:2::2"]

    @Test func allowsAndRejectsByName() throws {
        let gateway = try LiveGateway()
        for address in LiveGatewayTests.addresses {
            for scheme in ["http", "https"] {
                let allowed = try gateway.curl("\(scheme)://www.example.com/", at: address)
                #expect(allowed.httpStatus == 200, "\(scheme) \(address): \(allowed)")
                let denied = try gateway.curl("\(scheme)://www.denied.test/", at: address)
                #expect(denied.isRejectedAtOnce, "\(scheme) \(address): \(denied)")
            }
        }
        let literal = try gateway.curl("https://10.99.2.2/")
        #expect(literal.isRejectedAtOnce, "an address without a name: \(literal)")
        let port = try gateway.curl("http://www.example.com:8080/")
        #expect(port.isRejectedAtOnce, "a port outside the policy: \(port)")
        let big = try gateway.curl("http://www.example.com/big", ["-w", "%{size_download} 0"])
        #expect(big.output.hasPrefix("20000000"), "\(big)")
        #expect(gateway.stop() == 0)

        let events = try gateway.log.records("eve.json")
        let names = events.filter { $0["event_type"] as? String == "tls" }.compactMap {
            ($0["tls"] as? [String: Any])?["sni"] as? String
        }
        #expect(Set(names) == ["www.example.com", "www.denied.test"])
        let alerts = events.compactMap { $0["alert"] as? [String: Any] }
        #expect(alerts.contains { $0["signature_id"] as? Int == 901 && $0["action"] as? String == "blocked" })
        #expect(alerts.contains { $0["signature_id"] as? Int == 902 })
        #expect(events.contains { ($0["flow"] as? [String: Any])?["action"] as? String == "pass" })
    }

    @Test func connectionsFromOutsideGoNowhere() throws {
        let gateway = try LiveGateway()
        let lab = gateway.lab
        let listener = try ChildProcess(
            lab.inside(lab.client, ["python3", "-m", "http.server", "--bind", "::", "8000"]))
        defer {
            listener.terminate()
            _ = listener.wait()
        }
        for address in ["10.99.1.2", "[fd99:1::2]"] {
            let local = lab.inside(
                lab.client,
                [
                    "curl", "-s", "--retry", "20", "--retry-connrefused", "--retry-delay", "0",
                    "-o", "/dev/null", "http://\(address):8000/",
                ])
            try require(local)
            let outside = try run(lab.inside(lab.server, ["curl", "-s", "-m", "2", "http://\(address):8000/"]))
            #expect(outside.status == 28, "\(address): \(outside)")
        }
    }

    /// A hop behind the gateway has a smaller MTU than both ends: its "fragmentation needed" must reach the client under drop-all.
    @Test func pathMTUDiscovery() throws {
        let far = "weir-test-\(getpid())-far"
        defer { _ = try? run(["ip", "netns", "del", far]) }
        let gateway = try LiveGateway(
            prepare: { lab in
                try require(["ip", "netns", "add", far])
                try require([
                    "ip", "link", "add", "f0", "netns", far, "type", "veth", "peer", "name", "s1", "netns", lab.server,
                ])
                for words in [
                    "-n \(far) addr add 10.99.3.2/24 dev f0", "-n \(far) addr add fd99:3::2/64 dev f0 nodad",
                    "-n \(lab.server) addr add 10.99.3.1/24 dev s1",
                    "-n \(lab.server) addr add fd99:3::1/64 dev s1 nodad",
                    "-n \(far) link set f0 up", "-n \(lab.server) link set s1 mtu 1300 up",
                    "-n \(far) link set lo up", "-n \(far) route add default via 10.99.3.1",
                    "-n \(far) -6 route add default via fd99:3::1",
                    "-n \(lab.gateway) route add 10.99.3.0/24 via 10.99.2.2",
                    "-n \(lab.gateway) -6 route add fd99:3::/64 via fd99:2::2",
                ] { try require(["ip"] + words.split(separator: " ").map(String.init)) }
                try require(
                    lab.inside(
                        lab.server, ["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]))
            }, served: far)
        let body = try gateway.log.write("body", String(repeating: "x", count: 300_000))
        for address in ["10.99.3.2", "fd99:3::2"] {
            let upload = try gateway.curl("http://www.example.com/upload", at: address, ["--data-binary", "@\(body)"])
            #expect(upload.httpStatus == 200, "\(address): \(upload)")
        }
        let routes = try require(gateway.lab.inside(gateway.lab.client, ["ip", "route", "get", "10.99.3.2"]))
        #expect(routes.contains("mtu 1300"), "the client learned no smaller MTU: \(routes)")
    }

    /// Stopped under traffic, weir answers what is queued and leaves the gateway closed; started again, it serves.
    @Test func stopsUnderTraffic() throws {
        let gateway = try LiveGateway()
        let lab = gateway.lab
        let download = try ChildProcess(
            lab.inside(
                lab.client,
                [
                    "curl", "-s", "--noproxy", "*", "--limit-rate", "200k", "-m", "8", "-o", "/dev/null", "--resolve",
                    "www.example.com:80:10.99.2.2", "http://www.example.com/big",
                ]))
        usleep(500_000)
        let begin = ContinuousClock.now
        #expect(gateway.stop() == 0)
        #expect(begin.duration(to: .now) < .seconds(5))
        #expect(try gateway.curl("http://www.example.com/").status == 28, "the gateway is open without weir")
        #expect(download.wait() != 0)
        try gateway.start()
        #expect(try gateway.curl("http://www.example.com/").httpStatus == 200)
        #expect(try gateway.curl("https://www.denied.test/").isRejectedAtOnce)
    }

    @Test func errorsBeforeTheStart() throws {
        let lab = try GatewayLab()
        let folder = try Folder()
        let policy = repository + "/rules/policy.yaml"
        func weir(_ words: [String]) throws -> CommandResult {
            try run(lab.inside(lab.gateway, [Program.path, "run", "--log-dir", folder.path] + words))
        }
        let noPolicy = try weir([])
        #expect(noPolicy.status == 64, "\(noPolicy)")
        let noHome = try weir(["--policy", policy])
        #expect(noHome.status == 78 && noHome.errors.contains("--set vars.HOME_NET="), "\(noHome)")
        let unknown = try weir(["--policy", policy, "--set", "stream.midstraem=drop"])
        #expect(unknown.status == 78 && unknown.errors.contains("did you mean stream.midstream?"), "\(unknown)")
        let broken = try folder.write("broken.yaml", "StatelessDefaultActions: [\"aws:forward_to_sfe\"]\n")
        let refused = try weir(["--policy", broken, "--set", LiveGateway.homeNet])
        #expect(refused.status == 1 && refused.errors.contains("StatelessFragmentDefaultActions"), "\(refused)")
        let powerless = try run(
            lab.inside(
                lab.gateway,
                [
                    "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", Program.path, "run", "--policy",
                    policy, "--log-dir",
                    "/tmp", "--set", LiveGateway.homeNet,
                ]))
        #expect(powerless.status == 77, "\(powerless)")
    }

    @Test func secondInstanceOnTheQueue() throws {
        let gateway = try LiveGateway()
        let other = try Folder()
        let second = try run(
            gateway.lab.inside(
                gateway.lab.gateway,
                [
                    Program.path, "run", "--policy", repository + "/rules/policy.yaml", "--log-dir", other.path,
                    "--set",
                    LiveGateway.homeNet,
                ]))
        #expect(second.status == 69 && second.errors.contains("queue 0 has another consumer"), "\(second)")
        #expect(try gateway.curl("http://www.example.com/").httpStatus == 200)
    }
}
