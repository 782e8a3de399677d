import AppLayer
import EventLog
import FlowTracking
import Wire

/// Everything that shapes a pipeline beside its policy.
public struct EngineSettings: Sendable {
    public var flow = FlowSettings()
    public var tunnels = TunnelSettings()
    public var fragments = FragmentSettings()
    public var appLayer = AppLayerSettings()
    public var log = LogSettings()
    /// Suricata's behaviour wherever ours differs: `compat.suricata`.
    public var compatibleWithSuricata = false {
        didSet {
            appLayer.compatibleWithSuricata = compatibleWithSuricata
            log.compatibleWithSuricata = compatibleWithSuricata
            tunnels.readsTeredoAuthentication = !compatibleWithSuricata
        }
    }
    /// Rules judge and log, and nothing is held up: `engine.mode=ids`.
    public var observesOnly = false {
        didSet { log.observesOnly = observesOnly }
    }
    /// A pass by what a request says covers that request, not the later ones of its connection: `inspect.every-request`.
    public var judgesEveryRequest = true
    /// What happens to packets that cannot be handled as they should be.
    public var exceptions = ExceptionPolicies()
    /// Packets of flows that wait for a name: `hold`.
    public var hold = HoldSettings()
    /// TCP segments with a wrong checksum are not reassembled: `stream.checksums`.
    public var verifiesChecksums = false
    /// Forwarded packets have lost one hop already: it is given back, so that `ttl` rules mean the same as in a capture.
    public var restoresTimeToLive = false
    /// Delivered bytes kept for one direction, to notice a second version of them: a client's initial window.
    public var historyBytes = 16_384
    /// Seed of hashes and flow identifiers: random on a gateway, fixed in replay so that logs repeat.
    public var seed: UInt64 = 0x5765_6972_5765_6972
    /// Seconds between `stats` records; 0 writes one at the end alone.
    public var statsInterval = 0
    /// Drop records without a flow that are written in one second; a flood of them must not fill the disk.
    public var flowlessDropsPerSecond = 100
    /// Anomaly records written in one second, for the same reason.
    public var anomaliesPerSecond = 100

    public init() {}

    var fragmentSettings: FragmentSettings {
        var settings = fragments
        settings.resolvesOverlaps = compatibleWithSuricata
        return settings
    }
}
