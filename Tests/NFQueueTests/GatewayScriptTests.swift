import Foundation
import LiveSupport
import Testing

/// What `scripts/gateway` says; nothing is changed here, and no privilege is needed.
struct GatewayScriptTests {
    @discardableResult
    func gateway(_ words: String) throws -> CommandResult {
        try run(["\(repository)/scripts/gateway"] + words.split(separator: " ").map(String.init))
    }

    @Test func help() throws {
        let result = try gateway("--help")
        #expect(result.isSuccess)
        for word in ["install", "remove", "print", "status", "--queue", "--interface-in", "--mark-mask", "--netns"] {
            #expect(result.output.contains(word))
        }
    }

    @Test(arguments: [
        "", "flush", "install remove", "print --queue", "print --queue x", "print --queue 3:1", "print --queue 65536",
        "print --mark-mask 0", "print --mark-mask 0x7", "print --mark-mask 0x1ff0f", "print --mark-mask 0x100000000",
        "print --backend ipfw", "print --iptables ebtables", "print --interface-out eth0",
        "print --interface-in a\"b", "print --interface-in sixteen-letters-", "print --interface-in eth*", "print eth0",
    ])
    func usageErrors(words: String) throws {
        let result = try gateway(words)
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
        #expect(!result.errors.isEmpty)
    }

    @Test func tableOfRules() throws {
        let result = try gateway("print --backend nft --queue 3")
        #expect(result.isSuccess)
        #expect(
            result.output == """
                set -e
                nft -f - <<'RULES'
                table inet weir
                delete table inet weir
                table inet weir {
                    counter judged { }
                    counter rejected { }
                    counter unjudged { }
                    counter invalid { }

                    chain clear {
                        type filter hook prerouting priority -310; policy accept;
                        meta mark set meta mark & 0xfffffff3
                    }

                    chain to_queue {
                        type filter hook forward priority -145; policy accept;
                        queue num 3
                    }

                    chain seal {
                        type filter hook forward priority -140; policy drop;
                        # Looking at the state turns connection tracking on: fragments are put together before the queue.
                        ct state invalid counter name invalid
                        meta mark & 0xc == 0x8 counter name rejected jump refuse
                        meta mark & 0xc == 0x4 counter name judged accept
                        counter name unjudged drop
                    }

                    chain refuse {
                        meta l4proto tcp reject with tcp reset
                        reject with icmpx type admin-prohibited
                    }
                }
                RULES

                """)
    }

    @Test func interfacesInTheTable() throws {
        let both = try gateway("print --backend nft --interface-in lan --interface-out wan").output
        let line = "iifname . oifname != { \"lan\" . \"wan\", \"wan\" . \"lan\" } accept\n"
        #expect(both.components(separatedBy: line).count == 3)
        let one = try gateway("print --backend nft --interface-in lan").output
        #expect(one.components(separatedBy: "iifname != \"lan\" oifname != \"lan\" accept\n").count == 3)
    }

    /// Nothing follows the queue's number, `--queue-bypass` least of all; and both families have the same rules.
    @Test(arguments: ["mixed", "iptables"]) func rulesOfIptables(backend: String) throws {
        let output = try gateway("print --backend \(backend) --queue 4:7 --iptables legacy").output
        let single = try gateway("print --backend \(backend) --queue 4").output
        #expect(single.components(separatedBy: "-j NFQUEUE --queue-num 4\n").count == 3)
        #expect(output.components(separatedBy: "-j NFQUEUE --queue-balance 4:7\n").count == 3)
        let lines = output.split(separator: "\n").map(String.init)
        let four = lines.filter { $0.contains("iptables-legacy") }
        let six = lines.filter { $0.contains("ip6tables-legacy") }
        #expect(!four.isEmpty)
        #expect(four.map { $0.replacingOccurrences(of: "iptables", with: "ip6tables") } == six)
    }

    @Test func marksOfTheMask() throws {
        let output = try gateway("print --backend nft --mark-mask 0xf0000000").output
        #expect(output.contains("meta mark set meta mark & 0x3fffffff\n"))
        #expect(output.contains("meta mark & 0xc0000000 == 0x80000000 counter name rejected"))
        #expect(output.contains("meta mark & 0xc0000000 == 0x40000000 counter name judged accept"))
    }

    @Test(.enabled(if: geteuid() != 0, "needs an ordinary user"), arguments: ["install", "remove", "status"])
    func privilegeIsNeeded(command: String) throws {
        #expect(try gateway("\(command) --backend mixed").status == 77)
    }
}
