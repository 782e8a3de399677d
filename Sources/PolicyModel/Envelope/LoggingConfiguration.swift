import RuleLanguage

/// Which logs go where: the request that updates a firewall's logging configuration.
public struct LoggingConfiguration: Sendable {
    public enum LogType: String, Hashable, Sendable, CaseIterable {
        case alert = "ALERT"
        case flow = "FLOW"
        case tls = "TLS"
    }

    public enum DestinationType: String, Hashable, Sendable, CaseIterable {
        case s3 = "S3"
        case cloudWatchLogs = "CloudWatchLogs"
        case kinesisDataFirehose = "KinesisDataFirehose"

        /// Keys of `LogDestination`: the ones that are needed, and the ones that may be there.
        var keys: (required: [String], optional: [String]) {
            switch self {
            case .s3: (["bucketName"], ["prefix"])
            case .cloudWatchLogs: (["logGroup"], [])
            case .kinesisDataFirehose: (["deliveryStream"], [])
            }
        }
    }

    public struct Destination: Sendable {
        public var logType: LogType
        public var type: DestinationType
        /// `bucketName`, `prefix`, `logGroup`, `deliveryStream`.
        public var attributes: [String: String]
        public var location: SourceLocation
    }

    public var firewallName: String?
    /// At most one for each log type.
    public var destinations: [Destination] = []
    public var location: SourceLocation

    /// Reads the request, or the bare `LoggingConfiguration`.
    init?(_ root: DocumentNode, _ problems: inout [Diagnostic]) {
        location = root.location
        var configuration = root
        if root["LogDestinationConfigs"] == nil {
            let keys = ["FirewallArn", "FirewallName", "LoggingConfiguration", "EnableMonitoringDashboard"]
            guard let fields = DocumentFields(root, of: "the request", keys: keys, &problems),
                let node = fields.required("LoggingConfiguration", &problems)
            else { return nil }
            _ = fields["FirewallArn"]?.string(.arn, &problems)
            firewallName = fields["FirewallName"]?.string(.resourceName, &problems)
            _ = fields["EnableMonitoringDashboard"]?.boolean(&problems)
            configuration = node
        }
        guard
            let fields = DocumentFields(
                configuration, of: "LoggingConfiguration", keys: ["LogDestinationConfigs"], &problems),
            let items = fields.required("LogDestinationConfigs", &problems)?.list(&problems)
        else { return nil }
        for item in items {
            guard let destination = LoggingConfiguration.destination(item, &problems) else { continue }
            if destinations.contains(where: { $0.logType == destination.logType }) {
                problems.error(at: item.location, "\(destination.logType.rawValue) logs have a destination already")
            } else {
                destinations.append(destination)
            }
        }
    }

    private static func destination(_ node: DocumentNode, _ problems: inout [Diagnostic]) -> Destination? {
        let keys = ["LogType", "LogDestinationType", "LogDestination"]
        guard let fields = DocumentFields(node, of: "the log destination", keys: keys, &problems) else { return nil }
        let logType = fields.required("LogType", &problems)?.word(of: LogType.self, &problems)
        let type = fields.required("LogDestinationType", &problems)?.word(of: DestinationType.self, &problems)
        guard let map = fields.required("LogDestination", &problems), let type,
            let values = DocumentFields(
                map, of: "LogDestination", keys: type.keys.required + type.keys.optional, &problems)
        else { return nil }
        var attributes: [String: String] = [:]
        for key in type.keys.required { _ = values.required(key, &problems) }
        for key in type.keys.required + type.keys.optional {
            if let text = values[key]?.string(.text(1...1024), &problems) { attributes[key] = text }
        }
        guard let logType else { return nil }
        return Destination(logType: logType, type: type, attributes: attributes, location: node.location)
    }
}
