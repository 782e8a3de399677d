import Detection
import PolicyModel
import RuleLanguage

/// Rules of every kind, so that a fuzzed capture reaches the evaluator's corners.
enum FuzzPolicy {
    static let own = compile(compatible: false)
    static let compatible = compile(compatible: true)

    static let text = """
        pass tcp any any -> any [80,443] (flow:to_server; dsize:0; sid:1;)
        pass tls any any -> any any (tls.sni; dotprefix; content:".example.com"; endswith; flow:to_server; sid:2;)
        pass http any any -> any any (http.host; content:"www.example.com"; flow:to_server; sid:3;)
        reject tls any any -> any any (tls.sni; content:"denied"; nocase; flowbits:set,denied; sid:4;)
        drop tcp any any -> any any (flowbits:isset,denied; sid:5;)
        alert tcp any any -> any any (content:"secret"; offset:2; content:"word"; distance:1; within:40; sid:6;)
        alert tcp any any -> any any (content:"|16 03|"; byte_test:2,>,100,1,relative; byte_jump:2,1,relative; content:"|01|"; sid:7;)
        alert http any any -> any any (http.uri; content:"/a"; bsize:>2; http.method; content:"GET"; sid:8;)
        alert http any any -> any any (http.response_body; content:"body"; sid:9;)
        alert http any any -> any any (http.header; content:"User-Agent"; http.user_agent; content:"x"; sid:10;)
        alert dns any any -> any any (dns.query; content:"example"; nocase; sid:11;)
        alert ssh any any -> any any (ssh.software; content:"Open"; sid:12;)
        alert tls any any -> any any (tls.cert_subject; content:"CN="; sid:13;)
        alert tls any any -> any any (ja3.string; content:"771"; sid:14;)
        alert ip any any -> any any (ttl:<5; sid:15;)
        alert icmp any any -> any any (itype:8; threshold:type limit,track by_src,count 2,seconds 10; sid:16;)
        drop udp any any -> any any (app-layer-protocol:!dns; sid:17;)
        alert tcp any any -> any any (flags:S,12; stream_size:server,<,5; xbits:set,seen,track ip_src,expire 10; sid:18;)

        """

    private static func compile(compatible: Bool) -> CompiledPolicy? {
        let parsed = RuleParser(file: "fuzz.rules").parse(text)
        var source = PolicySource()
        source.name = "fuzz"
        source.defaultActions = [.dropEstablished, .alertEstablished]
        source.groups = [
            .init(name: "fuzz", resource: "fuzz.rules", rules: parsed.rules, scope: VariableScope(addresses: [:]))
        ]
        var options = CompileOptions()
        options.compatibleWithSuricata = compatible
        let compilation = PolicyCompiler.compile(source, options: options)
        precondition((parsed.diagnostics + compilation.diagnostics).isEmpty, "\(compilation.diagnostics)")
        return compilation.policy
    }
}
