import Foundation
import LiveSupport
import Testing

@testable import NFQueue

extension LiveTests {
    /// `scripts/gateway` with real packets.
    @Suite(.serialized) struct GatewayTests {
        let lab: GatewayLab

        init() throws {
            lab = try GatewayLab()
            try lab.startServer()
            try lab.settle()
        }

        @Test func thisMachineHasABackend() throws {
            #expect(!Backend.available.isEmpty)
            #expect(try lab.passing() == GatewayLab.everything)
        }

        /// Without a consumer closed, with one open, afterwards closed again; and all as before when removed.
        @Test(arguments: Backend.available) func gateOpensAndCloses(backend: Backend) throws {
            let before = try lab.rules()
            try lab.install(backend)
            #expect(try lab.passing(within: 0.4) == [])
            let queue = try LiveQueue(in: lab.gateway)
            #expect(try lab.passing() == GatewayLab.everything)
            queue.stop()
            #expect(queue.error == nil)
            #expect(queue.statistics.accepted > 20)
            #expect(queue.statistics.accepted == queue.statistics.packets)
            #expect(try lab.passing(within: 0.4) == [])
            #expect(try lab.script(["status"]).isSuccess)
            try lab.remove()
            #expect(try lab.passing() == GatewayLab.everything)
            #expect(try lab.rules() == before)
            #expect(try lab.script(["status"]).status == 1)
        }

        @Test(arguments: Backend.available) func droppedAndRejected(backend: Backend) throws {
            try lab.install(backend)
            let queue = try LiveQueue(in: lab.gateway)
            for (_, fetched) in try lab.fetch(ports: [80, 81, 82, 83]) {
                #expect(fetched[80]?.body == "hello")
                #expect(fetched[81]?.isTimeout == true)
                #expect(fetched[82]?.isRefused == true && fetched[82]?.exit == 7)
                #expect(fetched[83]?.isRefused == true && fetched[83]?.exit == 56)
            }
            // What Linux makes of ICMP "administratively prohibited".
            #expect(try lab.sendUDP(.v4, port: 9001) == "No route to host")
            #expect(try lab.sendUDP(.v6, port: 9001) == "Permission denied")
            queue.stop()
            #expect(queue.statistics.dropped > 0)
            #expect(queue.statistics.rejected >= 6)
        }

        /// The seal: packets nobody judged do not pass, not even those that come with the judged bit.
        @Test(arguments: Backend.available) func flushedQueueRuleCloses(backend: Backend) throws {
            try lab.install(backend)
            let queue = try LiveQueue(in: lab.gateway)
            #expect(try lab.passing() == GatewayLab.everything)
            try lab.onGateway(
                """
                nft -f - <<<'table inet forger {
                    chain early { type filter hook prerouting priority -320; meta mark set 0x4; }
                }'
                """)
            try lab.onGateway(backend.flush)
            #expect(try lab.passing(within: 0.4) == [])
            #expect(try lab.script(["status"]).status == 1)
            // The test can fail: without the bit cleared on arrival, the forged one counts.
            if backend.name != "iptables" {
                try lab.onGateway("nft flush chain inet weir clear")
                #expect(try lab.passing() == GatewayLab.everything)
            }
            try lab.onGateway("nft delete table inet forger")
            #expect(try lab.passing(within: 0.4) == [])
            try lab.install(backend)
            #expect(try lab.passing() == GatewayLab.everything)
            queue.stop()
        }

        /// A rule of the admin's that accepts before the seal would be reached must not open the gate either.
        @Test(arguments: Backend.twoOfThem) func adminsAcceptDoesNotOpen(backend: Backend) throws {
            try lab.install(backend)
            try lab.onGateway(
                """
                for command in iptables\(backend.ending) ip6tables\(backend.ending); do
                    $command -I FORWARD -j ACCEPT
                    $command -t mangle -I FORWARD -p udp -j ACCEPT
                done
                """)
            let queue = try LiveQueue(in: lab.gateway)
            for (_, fetched) in try lab.fetch(ports: [81, 82]) {
                #expect(fetched[81]?.isFine == false)
                #expect(fetched[82]?.isFine == false)
            }
            // What the mangle table accepts does not come to a queue rule behind it, and so not through the seal.
            let isHidden = backend.name == "nft"
            let passing = try lab.passing(within: 1)
            #expect(passing.contains("udp v4") == isHidden)
            #expect(passing.contains("http v6"))
            try lab.onGateway(backend.flush)
            #expect(try lab.passing(within: 0.4) == [])
            queue.stop()
        }

        /// A consumer that hangs: what waits for it does not pass, nor what comes after.
        @Test func hangingConsumerCloses() throws {
            let backend = try #require(Backend.available.first)
            try lab.install(backend)
            let queue = try LiveQueue(in: lab.gateway)
            #expect(try lab.passing() == GatewayLab.everything)
            queue.record.isHolding.store(true, ordering: .releasing)
            #expect(try lab.passing(within: 0.4) == [])
            let line = try lab.onGateway("cat /proc/net/netfilter/nfnetlink_queue").split(separator: "\n").first
            let counters = try #require(line.flatMap { KernelQueueCounters(line: $0) })
            #expect(counters.waiting > 5)
            queue.record.isHolding.store(false, ordering: .releasing)
            #expect(try lab.passing() == GatewayLab.everything)
            queue.stop()
        }

        /// Accepted packets go on to the admin's own rules, whose tables Weir leaves alone.
        @Test(arguments: Backend.available) func adminsRulesSurviveAndApply(backend: Backend) throws {
            try lab.onGateway(
                """
                nft -f - <<<'table inet admin {
                    set banned { type ipv4_addr; elements = { 192.0.2.1 }; }
                    chain forward { type filter hook forward priority 0; policy accept; tcp dport 8080 counter drop; }
                    chain early { type filter hook forward priority -150; policy accept; counter; }
                }'
                for command in iptables ip6tables; do
                    $command -A FORWARD -p udp --dport 7 -j DROP
                    $command -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1200
                    $command -t raw -A PREROUTING -p tcp --dport 7 -j DROP
                done
                if command -v iptables-legacy >/dev/null; then
                    iptables-legacy -A FORWARD -p udp --dport 9 -j DROP
                    ip6tables-legacy -t mangle -A FORWARD -p udp --dport 9 -j DROP
                fi
                """)
            let before = try lab.rules()
            #expect(before.contains("192.0.2.1") && before.contains("1200"))
            try lab.install(backend)
            let during = try lab.rules()
            #expect(during != before)
            for line in before.split(separator: "\n") { #expect(during.contains(line)) }
            let queue = try LiveQueue(in: lab.gateway)
            for (_, fetched) in try lab.fetch(ports: [80, 8080]) {
                #expect(fetched[80]?.isFine == true)
                #expect(fetched[8080]?.isTimeout == true)
            }
            queue.stop()
            try lab.remove()
            #expect(try lab.rules() == before)
        }

        @Test(arguments: Backend.twoOfThem) func printedCommandsDoWhatInstallDoes(backend: Backend) throws {
            let options = backend.options + ["--queue", "2:5", "--interface-in", "g0"]
            let printed = try lab.script(["print"] + options)
            #expect(printed.isSuccess)
            try require(lab.inside(lab.gateway, ["bash"]), input: printed.output)
            let byHand = try lab.rules()
            #expect(byHand.contains("2:5") || byHand.contains("2-5"))
            try lab.remove()
            try lab.install(backend, Array(options.dropFirst(backend.options.count)))
            #expect(try lab.rules() == byHand)
            // Written again, the tables stand in another order.
            try lab.install(backend, Array(options.dropFirst(backend.options.count)))
            #expect(try lab.rules().split(separator: "\n").sorted() == byHand.split(separator: "\n").sorted())
        }

        @Test(arguments: Backend.twoOfThem) func onlyBetweenTheInterfaces(backend: Backend) throws {
            try lab.install(backend, ["--interface-in", "g0", "--interface-out", "lo"])
            #expect(try lab.passing() == GatewayLab.everything)
            try lab.install(backend, ["--interface-in", "g0", "--interface-out", "g1"])
            #expect(try lab.passing(within: 0.4) == [])
            try lab.install(backend, ["--interface-in", "g1"])
            #expect(try lab.passing(within: 0.4) == [])
            try lab.install(backend, ["--interface-in", "lo"])
            #expect(try lab.passing() == GatewayLab.everything)
        }

        @Test(arguments: Backend.twoOfThem) func masquerade(backend: Backend) throws {
            try lab.onGateway(
                """
                nft -f - <<<'table inet translate {
                    chain out { type nat hook postrouting priority 100; oifname "g1" masquerade; }
                }'
                """)
            // The server does not know the client's networks any more.
            try require(["ip", "-netns", lab.server, "route", "del", "default"])
            try require(["ip", "-netns", lab.server, "-6", "route", "del", "default"])
            try lab.install(backend)
            let queue = try LiveQueue(in: lab.gateway)
            #expect(try lab.passing() == GatewayLab.everything)
            let fetched = try lab.fetch(ports: [80, 81, 82, 83], path: "/who")
            #expect(fetched[.v4]?[80]?.body == "::ffff:10.99.2.1")
            #expect(fetched[.v6]?[80]?.body == "fd99:2::1")
            for (_, fetched) in fetched {
                #expect(fetched[81]?.isTimeout == true)
                #expect(fetched[82]?.isRefused == true)
                #expect(fetched[83]?.isRefused == true)
            }
            #expect(try lab.sendUDP(.v4, port: 9001) == "No route to host")
            queue.stop()
        }

        /// Other bits than Weir's stay in the mark, and Weir's can be others.
        @Test(arguments: Backend.twoOfThem) func bitsOfTheMark(backend: Backend) throws {
            try lab.onGateway(
                """
                nft -f - <<<'table inet admin {
                    counter kept { }
                    chain early { type filter hook prerouting priority -305; meta mark set 0x1234; }
                    chain late { type filter hook forward priority 10; meta mark 0x00041234 counter name kept; }
                }'
                """)
            try lab.install(backend, ["--mark-mask", "0xff0000"])
            var configuration = QueueConfiguration()
            configuration.marks = try #require(MarkLayout(mask: 0xff0000))
            let queue = try LiveQueue(in: lab.gateway, configuration)
            #expect(try lab.passing() == GatewayLab.everything)
            #expect(try lab.fetch(ports: [82])[.v4]?[82]?.isRefused == true)
            queue.stop()
            #expect(queue.record.packets.allSatisfy { $0.mark == 0x1234 })
            let counted = try lab.onGateway("nft list counter inet admin kept")
            #expect(counted.contains("packets \(queue.statistics.accepted) "))
        }

        /// An ICMP error of the server's comes through; and the queue sees whole datagrams, not their fragments.
        @Test(arguments: Backend.twoOfThem) func errorsAndFragments(backend: Backend) throws {
            try lab.install(backend)
            let queue = try LiveQueue(in: lab.gateway)
            for family in Family.allCases {
                #expect(try lab.sendUDP(family, port: 9) == "Connection refused")
                let ping = ["ping", "-q", "-n", "-W", "2", "-c", "1", "-s", "4000", family.rawValue]
                #expect(try run(lab.inside(lab.client, ping)).isSuccess)
            }
            queue.stop()
            let lengths = queue.record.packets.map(\.wireLength).filter { $0 > 1000 }
            #expect(lengths == [4028, 4028, 4048, 4048])
        }

        @Test func secondBackendIsRefused() throws {
            guard Backend.available.count > 1 else { return }
            try lab.install(Backend.available[0])
            let rules = try lab.rules()
            for other in Backend.available.dropFirst() {
                #expect(try lab.script(["install"] + other.options).status == 1)
            }
            #expect(try lab.rules() == rules)
        }

        /// Whatever way the queue gets its packets here, it is the one `auto` chooses.
        @Test func automaticBackend() throws {
            #expect(try lab.script(["install"]).isSuccess)
            let queue = try LiveQueue(in: lab.gateway)
            #expect(try lab.passing() == GatewayLab.everything)
            queue.stop()
            #expect(try lab.passing(within: 0.4) == [])
        }
    }
}
