import Testing

@testable import Detection

/// What `check` says about rules that AWS or Suricata would judge otherwise.
@Suite struct PortabilityNoteTests {
    struct Row: CustomTestStringConvertible {
        var rules: String
        /// The rule, how many more, and a word of the note; nothing when there is none.
        var expected: [(UInt32, Int, String)]

        var testDescription: String { rules }
    }

    static let rows: [Row] = [
        Row(
            rules: """
                pass tcp any any -> any any (flow:not_established,to_server; dsize:0; sid:1;)
                drop ip any any -> any any (sid:2;)
                """, expected: [(2, 0, "first packet")]),
        Row(
            rules: """
                pass tcp any any -> any any (flow:not_established; dsize:0; sid:1;)
                drop udp any any -> any any (sid:2;)
                drop tcp any any -> any any (flow:to_server; sid:3;)
                drop tcp any any -> !192.0.2.1 any (sid:4;)
                """, expected: []),
        Row(
            rules: """
                drop tls any any -> any any (tls.sni; content:"bad"; sid:1;)
                pass tcp any any -> any 443 (sid:2;)
                pass tcp any any -> any 444 (sid:3;)
                pass udp any any -> any any (sid:4;)
                """, expected: [(2, 1, "passes the whole flow")]),
        Row(
            rules: """
                pass http any any -> any any (http.host; content:"good"; sid:1;)
                pass tls any any -> any any (tls.sni; content:"good"; sid:2;)
                """, expected: [(1, 0, "every later request")]),
        Row(
            rules: "reject http any any -> any any (http.host; content:\"bad\"; sid:1;)",
            expected: [(1, 0, "http.host.raw")]),
        Row(
            rules: """
                drop dns any any -> any 53 (dns.query; content:"bad"; sid:1;)
                drop dns any any -> any any (dns.query; content:"bad"; sid:2;)
                """, expected: [(2, 0, "port 53")]),
        Row(
            rules: "pass tcp any any -> any any (flow:not_established; sid:1;)", expected: [(1, 0, "dsize:0")]),
        Row(rules: "alert ip any any -> any any (sid:1;)", expected: []),
    ]

    @Test(arguments: rows)
    func notes(row: Row) throws {
        let policy = try #require(Ruleset(row.rules).policy)
        let notes = policy.portabilityNotes(judgesEveryRequest: true)
        #expect(notes.map(\.signatureID) == row.expected.map(\.0))
        for (note, expected) in zip(notes, row.expected) {
            #expect(note.others == expected.1 && note.text.contains(expected.2), "\(note)")
        }
    }

    @Test("nothing to say where Suricata's behaviour is chosen")
    func compatible() throws {
        var options = CompileOptions()
        options.compatibleWithSuricata = true
        let policy = try #require(Ruleset(Self.rows[0].rules, options: options).policy)
        #expect(policy.portabilityNotes(judgesEveryRequest: true).isEmpty)
    }
}
