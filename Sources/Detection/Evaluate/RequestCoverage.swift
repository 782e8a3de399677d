import AppLayer
import FlowTracking
import NetTypes

/// How far the requests of a flow are passed, where a pass by what a request says (its host, its method, the name a query
/// asks for) covers that request alone. Later requests of the connection, one after the other or pipelined, are judged
/// again; everything else of the flow goes through while no request is open.
struct RequestCoverage {
    /// A request has been passed: the server may answer.
    var hasPassed = false
    /// A passed request has handed the connection over, to CONNECT's tunnel or another protocol.
    var isHandedOver = false
    /// Offset in the client's stream before which bytes may belong to a request that ended without a pass. Sent again,
    /// they are judged again.
    var deniedEnd = 0
}

extension FlowInspection {
    func isPassed(_ identifier: Int64) -> Bool {
        transactions.contains { Int64($0.identifier) == identifier && $0.isPassed }
    }

    mutating func pass(_ identifier: Int64) {
        requests.hasPassed = true
        for index in transactions.indices where Int64(transactions[index].identifier) == identifier {
            transactions[index].isPassed = true
        }
    }
}

extension Conversation {
    /// Some request has been passed, and the flow is judged request by request.
    public var isJudgedByRequest: Bool { inspection.requests.hasPassed }

    /// The packet carries a request, or part of one, that no rule has passed.
    func hasOpenRequest(_ context: PacketContext, payload: Int) -> Bool {
        guard context.direction == .toServer, payload > 0 else { return false }
        if context.isInStream, context.streamOffset < inspection.requests.deniedEnd { return true }
        if session.hasUnreadTunnelBytes { return true }
        return session.transactions.contains { transaction in
            guard transaction.concerns(.toServer), !transaction.isOfConnection, transaction.progressToServer > 0 else {
                return false
            }
            guard let state = inspection.transactions.first(where: { $0.identifier == transaction.identifier }) else {
                return transaction.identifier >= inspection.firstOpen
            }
            return !state.isPassed && !state.isOver
        }
    }

    /// Rules by name have to wait for the rest of what the client has begun, and there is nothing they could have judged
    /// already: the beginning of a request must not cover for a complete one before it.
    var awaitsName: Bool {
        guard session.awaitsName else { return false }
        guard session.appProtocol == .http1 else { return true }
        return !session.transactions.dropLast().contains { transaction in
            guard transaction.progressToServer >= HTTPMessage.Step.body else { return false }
            let state = inspection.transactions.first { $0.identifier == transaction.identifier }
            return state?.isPassed != true && state?.isOver != true
        }
    }

    /// The packet needs no judgment: it answers, or belongs to, requests that are passed.
    public func isCovered(_ context: PacketContext, payload: Int) -> Bool {
        isJudgedByRequest && !hasOpenRequest(context, payload: payload)
    }

    /// Requests that are complete behind this packet and not passed will not be: what was judged of them stays.
    func closeRequests(_ context: PacketContext, payload: Int) {
        guard context.direction == .toServer, payload > 0 else { return }
        for transaction in session.transactions where transaction.isComplete(.toServer) {
            guard
                let index = inspection.transactions.firstIndex(where: { $0.identifier == transaction.identifier }),
                !inspection.transactions[index].isPassed, !inspection.transactions[index].isOver
            else { continue }
            inspection.transactions[index].isOver = true
            guard context.isInStream else { continue }
            // Bytes that are read already may wait for this verdict in packets behind this one.
            inspection.requests.deniedEnd = max(
                inspection.requests.deniedEnd, context.streamOffset &+ payload,
                Int(truncatingIfNeeded: toServer.delivered))
        }
    }

    /// The connection has changed its protocol on a request's demand, CONNECT or Upgrade: what follows is part of that
    /// request, when it is passed; else all is judged anew.
    public func handOver() {
        let isPassed = inspection.transactions.last?.isPassed == true
        inspection.beginAnew()
        inspection.requests.isHandedOver = isPassed
        inspection.requests.hasPassed = isPassed
    }

    /// What a passed request was handed over to is known, and not made of requests itself.
    public var isPassedForGood: Bool {
        guard inspection.requests.isHandedOver else { return false }
        return session.appProtocol == .failed || session.appProtocol.isRecognized && session.appProtocol != .http2
    }
}

extension CompiledPolicy {
    /// The signature's conditions are about a request of a protocol that has any number of them on one connection.
    func isAboutRequest(_ signature: Signature) -> Bool {
        guard signature.kind == .transaction, signature.toServer else { return false }
        switch signature.appProtocol {
        case .http1, .http2, .dns: return true
        default: return false
        }
    }
}
