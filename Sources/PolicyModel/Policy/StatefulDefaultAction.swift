/// What a policy in strict order does with a packet that no rule decided. The eight values of the service, of which its
/// API model names only the first four.
public enum StatefulDefaultAction: String, Hashable, Sendable, CaseIterable {
    case dropStrict = "aws:drop_strict"
    case dropEstablished = "aws:drop_established"
    case alertStrict = "aws:alert_strict"
    case alertEstablished = "aws:alert_established"
    case dropEstablishedAppLayer = "aws:drop_established_app_layer"
    case alertEstablishedAppLayer = "aws:alert_established_app_layer"
    case dropEstablishedAppLayerToServer = "aws:drop_established_app_layer_to_server"
    case alertEstablishedAppLayerToServer = "aws:alert_established_app_layer_to_server"

    /// Which packets an action is about; each family has a drop and an alert form.
    public enum Family: Hashable, Sendable, CaseIterable {
        /// Every packet, the TCP handshake too.
        case strict
        /// TCP: client to server of an established connection; anything else: every packet.
        case established
        /// As established, in both directions, but a ClientHello or request head is waited for.
        case establishedAppLayer
        /// The same, client to server only.
        case establishedAppLayerToServer
    }

    public var family: Family {
        switch self {
        case .dropStrict, .alertStrict: .strict
        case .dropEstablished, .alertEstablished: .established
        case .dropEstablishedAppLayer, .alertEstablishedAppLayer: .establishedAppLayer
        case .dropEstablishedAppLayerToServer, .alertEstablishedAppLayerToServer: .establishedAppLayerToServer
        }
    }

    /// Drop, or else alert only.
    public var drops: Bool {
        switch self {
        case .dropStrict, .dropEstablished, .dropEstablishedAppLayer, .dropEstablishedAppLayerToServer: true
        case .alertStrict, .alertEstablished, .alertEstablishedAppLayer, .alertEstablishedAppLayerToServer: false
        }
    }
}
