/// A class of events: what `classtype` means (the names and priorities in common use).
public struct Classification: Sendable {
    public let description: String
    public let priority: Int

    public init(description: String, priority: Int) {
        self.description = description
        self.priority = priority
    }

    public static let standard: [String: Classification] = {
        func make(_ priority: Int, _ entries: [String: String]) -> [(String, Classification)] {
            entries.map { ($0.key, Classification(description: $0.value, priority: priority)) }
        }
        let high = make(
            1,
            [
                "attempted-user": "Attempted User Privilege Gain",
                "unsuccessful-user": "Unsuccessful User Privilege Gain",
                "successful-user": "Successful User Privilege Gain",
                "attempted-admin": "Attempted Administrator Privilege Gain",
                "successful-admin": "Successful Administrator Privilege Gain",
                "shellcode-detect": "Executable code was detected",
                "trojan-activity": "A Network Trojan was detected",
                "web-application-attack": "Web Application Attack",
                "inappropriate-content": "Inappropriate Content was Detected",
                "policy-violation": "Potential Corporate Privacy Violation",
                "targeted-activity": "Targeted Malicious Activity was Detected",
                "exploit-kit": "Exploit Kit Activity Detected",
                "domain-c2": "Domain Observed Used for C2 Detected",
                "credential-theft": "Successful Credential Theft Detected",
                "command-and-control": "Malware Command and Control Activity Detected",
            ])
        let medium = make(
            2,
            [
                "bad-unknown": "Potentially Bad Traffic",
                "attempted-recon": "Attempted Information Leak",
                "successful-recon-limited": "Information Leak",
                "successful-recon-largescale": "Large Scale Information Leak",
                "attempted-dos": "Attempted Denial of Service",
                "successful-dos": "Denial of Service",
                "rpc-portmap-decode": "Decode of an RPC Query",
                "suspicious-filename-detect": "A suspicious filename was detected",
                "suspicious-login": "An attempted login using a suspicious username was detected",
                "system-call-detect": "A system call was detected",
                "unusual-client-port-connection": "A client was using an unusual port",
                "denial-of-service": "Detection of a Denial of Service Attack",
                "non-standard-protocol": "Detection of a non-standard protocol or event",
                "web-application-activity": "access to a potentially vulnerable web application",
                "misc-attack": "Misc Attack",
                "default-login-attempt": "Attempt to login by a default username and password",
                "external-ip-check": "Device Retrieving External IP Address Detected",
                "pup-activity": "Possibly Unwanted Program Detected",
                "social-engineering": "Possible Social Engineering Attempted",
                "coin-mining": "Crypto Currency Mining Activity Detected",
            ])
        let low = make(
            3,
            [
                "not-suspicious": "Not Suspicious Traffic", "unknown": "Unknown Traffic",
                "string-detect": "A suspicious string was detected", "network-scan": "Detection of a Network Scan",
                "protocol-command-decode": "Generic Protocol Command Decode", "misc-activity": "Misc activity",
                "icmp-event": "Generic ICMP event", "tcp-connection": "A TCP connection was detected",
            ])
        return Dictionary(high + medium + low) { first, _ in first }
    }()
}
