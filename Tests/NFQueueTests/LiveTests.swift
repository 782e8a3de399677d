import LiveSupport
import Testing

/// All tests with real packets, one after the other: they share the machine's CPUs and measure time.
@Suite(.serialized, .enabled(if: GatewayLab.obstacle == nil, "\(GatewayLab.obstacle ?? "")"))
struct LiveTests {}
