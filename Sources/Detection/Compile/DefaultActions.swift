import AppLayer
import NetTypes
import PolicyModel
import RuleLanguage

/// The policy's default actions as signatures behind all rules, judged per packet. A drop with its alert is one signature
/// that drops and carries the alert's message; a drop alone is silent.
///
/// Message and sid are AWS's: sid 2 for what has no TCP state and, with `strict`, for everything; sid 4 for established
/// TCP; 6 and 8 for the application-layer families.
enum DefaultActions {
    /// A class of packets that a family of defaults speaks of.
    private struct Case {
        var protocolName: String
        var tests: [PacketTest]
        var toServer = true
        var toClient = true
        var sid: UInt32
        var scope = ActionScope.packet
        var appProtocol = AppProtocol.unknown
    }

    static func signatures(
        _ actions: [StatefulDefaultAction], options: CompileOptions, into tables: inout PolicyTables
    ) -> [Signature] {
        let drop = actions.first { $0.drops }
        let alerts = actions.filter { !$0.drops }
        var result: [Signature] = []
        for alert in alerts {
            // Alerts that a drop of another family covers are part of dropping; `strict` drops everything.
            let blocks = drop.map { $0.family == alert.family || $0.family == .strict } ?? false
            for member in cases(alert.family, pairedWith: drop?.family, compatible: options.compatibleWithSuricata) {
                result.append(signature(member, alert, blocks: blocks, logs: true, into: &tables))
            }
        }
        if let drop, !alerts.contains(where: { $0.family == drop.family }) {
            for member in cases(drop.family, pairedWith: nil, compatible: options.compatibleWithSuricata) {
                result.append(signature(member, drop, blocks: true, logs: false, into: &tables))
            }
        }
        return result
    }

    private static func cases(
        _ family: StatefulDefaultAction.Family, pairedWith drop: StatefulDefaultAction.Family?, compatible: Bool
    ) -> [Case] {
        let tcp = Int64(IPProtocol.tcp.rawValue)
        let established = PacketTest.flow(FlowTest(establishment: .established))
        let notTCP = PacketTest.ipProtocol(IntegerTest(comparison: .notEqual, first: tcp))
        switch family {
        case .strict:
            return [Case(protocolName: "ip", tests: [], sid: 2)]
        case .established:
            // Beside `drop_strict` the server's packets are dropped too, and their alert is wanted.
            let both = drop == .strict
            return [
                Case(protocolName: "ip", tests: [notTCP], sid: 2),
                Case(protocolName: "tcp", tests: [established], toClient: both, sid: 4),
            ]
        case .establishedAppLayer:
            return [
                Case(protocolName: "ip", tests: [notTCP, .awaitsApplication(false)], sid: 6, scope: .flow),
                Case(protocolName: "tcp", tests: [established, .awaitsApplication(false)], sid: 8, scope: .flow),
            ]
        case .establishedAppLayerToServer:
            // A name that no rule allowed ends the flow; or else a later, allowed request would let the denied one's
            // retransmission through.
            let named = [AppProtocol.tls, .http1, .http2].map { known in
                Case(
                    protocolName: "tcp", tests: [established, .awaitsApplication(false)], toClient: false, sid: 8,
                    scope: .flow, appProtocol: known)
            }
            let datagrams = Case(
                protocolName: "ip", tests: [notTCP, .awaitsApplication(false)], toClient: false, sid: 6)
            return [datagrams] + named + [
                Case(protocolName: "tcp", tests: [established, .awaitsApplication(false)], toClient: false, sid: 8)
            ]
        }
    }

    private static func signature(
        _ member: Case, _ action: StatefulDefaultAction, blocks: Bool, logs: Bool, into tables: inout PolicyTables
    ) -> Signature {
        guard let ruleProtocol = RuleProtocol(name: member.protocolName) else {
            preconditionFailure("\(member.protocolName) is a protocol")
        }
        var detail = SignatureDetail(
            signatureID: member.sid, location: SourceLocation(file: "default action", line: 0, column: 0))
        detail.message = "\(action.rawValue) action"
        tables.details.append(detail)
        let header = RuleHeader(
            ruleProtocol: ruleProtocol, source: .all, sourcePorts: .all, destination: .all, destinationPorts: .all)
        return Signature(
            order: 0, action: blocks ? .drop : .alert, logs: logs, kind: .packet, scope: member.scope,
            toServer: member.toServer, toClient: member.toClient, appProtocol: member.appProtocol,
            alternative: .unknown,
            requirements: member.appProtocol == .unknown ? [] : .flow, header: tables.header(header),
            packetTests: tables.packetTests.place(member.tests),
            payload: 0..<0, engines: 0..<0, effects: 0..<0, stateTests: 0..<0, thresholds: 0..<0, tags: 0..<0,
            detail: Int32(tables.details.count - 1))
    }
}
