import AppLayer
import NetTypes

extension TransactionTest {
    /// The packet on which a transaction is looked at.
    struct Occasion {
        var direction: FlowDirection
        var time: Timestamp
        var compatibleWithSuricata: Bool
    }

    func holds(_ transaction: Transaction, _ occasion: Occasion) -> Bool {
        switch self {
        case .event(let event): transaction.events.contains(event)
        case .never: false
        case .handshakeState, .tlsVersion, .tlsVersions: transaction.tls.map { holds($0, occasion) } ?? false
        case .helloFacts(let mask, let isNegated, let publicNames):
            transaction.tls?.helloFacts(publicNames: publicNames).map { ($0.rawValue & mask != 0) != isNegated }
                ?? false
        case .dnsOpcode(let code, let isNegated):
            if case .dns(let message) = transaction.facts { (message.opcode == code) != isNegated } else { false }
        case .ftpUpload(let wanted):
            if case .ftpData(let transfer) = transaction.facts {
                transfer.command == (wanted ? "STOR" : "RETR")
            } else {
                false
            }
        case .fileSize(let test): holds(fileSize: test, transaction, occasion.direction)
        case .sshVersion2: speaksSSH2(transaction, occasion.direction)
        case .certificateCount(let test): holds(test, transaction)
        case .certificateTime(let bound, let from, let to):
            transaction.tls?.serverCertificates?.leaf.map { leaf in
                let time = bound == .notBefore ? leaf.notBefore : leaf.notAfter
                return from <= time && time <= to
            } ?? false
        case .certificateExpired(let wanted):
            transaction.tls?.serverCertificates?.leaf.map { ($0.notAfter < occasion.time.seconds) == wanted } ?? false
        }
    }

    private func holds(_ handshake: TLSHandshake, _ occasion: Occasion) -> Bool {
        let version = handshake.version(occasion.direction)
        switch self {
        case .handshakeState(let mask, let inverted):
            return (mask & handshake.lastMessage.rawValue) ^ inverted != 0
        case .tlsVersion(let wanted, let isExact):
            if !isExact, wanted == TLSVersion.tls13 { return TLSVersion.is13(version) }
            return version == wanted && version != 0
        case .tlsVersions(let mask, let isNegated):
            guard let bit = TransactionTest.bit(of: version) else { return false }
            guard isNegated else { return mask & bit != 0 }
            // Differs: in Suricata a negated list never matches.
            return !occasion.compatibleWithSuricata && mask & bit == 0
        default: return false
        }
    }

    /// Of a file that has come in full; of one that was cut off, the least it has.
    private func holds(fileSize test: IntegerTest, _ transaction: Transaction, _ direction: FlowDirection) -> Bool {
        guard case .http(let exchange) = transaction.facts else { return false }
        let canGrow = test.comparison != .greater && test.comparison != .greaterOrEqual
        let isOver = transaction.progress(direction) > HTTPMessage.Step.body
        return exchange.files(direction, isOver: isOver).contains { file in
            guard file.body.isFull || file.isComplete else { return false }
            return (!file.body.isFull || !canGrow) && test.matches(Int64(file.body.length))
        }
    }

    private static func bit(of version: UInt16) -> UInt8? {
        switch version {
        case TLSVersion.ssl2: 1
        case TLSVersion.ssl3: 2
        case TLSVersion.tls10: 4
        case TLSVersion.tls11: 8
        case TLSVersion.tls12: 16
        default: TLSVersion.is13(version) ? 32 : nil
        }
    }

    private func speaksSSH2(_ transaction: Transaction, _ direction: FlowDirection) -> Bool {
        guard case .ssh(let handshake) = transaction.facts, let banner = handshake.banner(direction) else {
            return false
        }
        return ["2", "2.0", "1.99"].contains { banner.protocolVersion == Array($0.utf8) }
    }

    /// Counts once the certificates have come, or the handshake is over without any.
    private func holds(_ test: IntegerTest, _ transaction: Transaction) -> Bool {
        guard let handshake = transaction.tls, transaction.progressToClient >= TLSHandshake.Step.certificateReady else {
            return false
        }
        return test.matches(Int64(handshake.serverCertificates?.count ?? 0))
    }
}

extension Transaction {
    var tls: TLSHandshake? { if case .tls(let handshake) = facts { handshake } else { nil } }
}
