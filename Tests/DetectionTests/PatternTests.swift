#if PCRE2
    import Detection
    import NetTypes
    import TestSupport
    import Testing

    /// Regular expressions in the payload of one datagram.
    struct PatternTests {
        /// Options, payload, whether they match.
        static let table: [(String, String, Bool)] = [
            (#"pcre:"/b+c/";"#, "abbc", true), (#"pcre:"/b+c/";"#, "ac", false), (#"pcre:!"/b+c/";"#, "ac", true),
            (#"pcre:!"/b+c/";"#, "abc", false), (#"pcre:"/^BC/i";"#, "bcd", true), (#"pcre:"/^BC/";"#, "bcd", false),
            (#"pcre:"/a.b/";"#, "a\nb", false), (#"pcre:"/a.b/s";"#, "a\nb", true), (#"pcre:"/^b/";"#, "a\nb", false),
            (#"pcre:"/^b/m";"#, "a\nb", true), (#"pcre:"/a b/x";"#, "ab", true), (#"pcre:"/b/A";"#, "ab", false),
            (#"pcre:"/b$/";"#, "ab\n", true), (#"pcre:"/b$/E";"#, "ab\n", false),
            // Behind the match before; `^` is that place.
            (#"content:"a"; pcre:"/^b/R";"#, "xab", true), (#"content:"a"; pcre:"/^b/R";"#, "xacb", false),
            // Another place of the literal is tried, and another of the pattern.
            (#"content:"a"; pcre:"/^b/R";"#, "acab", true),
            (#"pcre:"/a/"; content:"b"; within:1;"#, "acab", true),
            (#"pcre:"/a/"; content:"b"; within:1;"#, "acb", false),
            (#"pcre:"/a+/"; content:"b"; distance:0; isdataat:!1,relative;"#, "aabab", true),
            (#"pcre:"/a/"; pcre:!"/^b/R";"#, "abac", true), (#"pcre:"/a/"; pcre:!"/^b/R";"#, "abab", false),
            (#"pcre:"/a\/b/";"#, "a/b", true), (#"pcre:"/a\;b/";"#, "a;b", true), (#"pcre:"/\x41\"/";"#, "A\"", true),
            (#"pcre:"/(?<=a)b/";"#, "ab", true), (#"pcre:"/(a)\1/";"#, "aa", true), (#"pcre:"/a/OB";"#, "a", true),
        ]

        @Test(arguments: table)
        func matches(_ options: String, _ payload: String, _ isMatch: Bool) {
            let rules = Ruleset("alert udp any any -> any any (\(options) sid:1;)")
            #expect(rules.errors.isEmpty, "\(rules.errors)")
            #expect(rules.alerts(payload) == (isMatch ? [1] : []), "\(options) in \(payload)")
        }

        @Test(arguments: [
            ("pcre:/a/;", "quotes"), (#"pcre:"a";"#, "slashes"), (#"pcre:"//";"#, "empty"),
            (#"pcre:"/(a/";"#, "parenthesis"),
            (#"pcre:"/a/q";"#, "flag"), (#"pcre:"/a/UI";"#, "different buffers"), (#"pcre:"/a/Wi";"#, "lower case"),
        ])
        func refusals(_ option: String, _ part: String) {
            let rules = Ruleset("alert udp any any -> any any (\(option) sid:1;)")
            #expect(rules.errors.contains { $0.message.contains(part) }, "\(rules.errors)")
        }

        @Test func aPatternThatWearsOutHoldsInRulesThatDrop() {
            let text = #"(pcre:"/^(a+)+(a+)+(a+)+$/"; sid:1;)"#
            let payload = utf8(String(repeating: "a", count: 60) + "b")
            let frame = PacketBuilder(from: "10.0.0.1", to: "192.0.2.1").udp(UDPFields(1000, 2000), payload)
            #expect(Ruleset("drop udp any any -> any any " + text).judge(frame).disposition == .drop)
            #expect(Ruleset("pass udp any any -> any any " + text).judge(frame).disposition == .accept)
            #expect(Ruleset("alert udp any any -> any any " + text).judge(frame).alerts == [])
            var options = CompileOptions()
            options.compatibleWithSuricata = true
            #expect(
                Ruleset("drop udp any any -> any any " + text, options: options).judge(frame).disposition == .accept)
        }
    }
#endif
