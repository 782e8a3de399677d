import AppLayer
import NetTypes
import PolicyModel
import RuleLanguage

/// A policy ready to judge packets: immutable and complete. Packet threads only read it.
public final class CompiledPolicy: Sendable {
    public struct Group: Sendable {
        public let name: String
        public let resource: String
    }

    public let name: String
    public let generation: UInt32
    public let order: RuleOrder
    /// In the order of evaluation, the default actions last.
    public let signatures: [Signature]
    public let details: [SignatureDetail]
    public let groups: [Group]
    /// Signatures from this one on are the policy's default actions.
    public let firstDefault: Int32
    public let stateless: StatelessEvaluator
    public let compatibleWithSuricata: Bool
    public let names: StateNames

    let headers: HeaderIndex
    /// Signatures of each header, in order.
    let members: [[Int32]]
    /// The headers themselves, by the signatures' numbers.
    let ruleHeaders: [RuleHeader]
    let packetTests: [PacketTest]
    let bufferConditions: [BufferCondition]
    let byteOperations: [ByteOperation]
    let expressions: [RegularExpression]
    let transactionTests: [TransactionTest]
    let engines: [InspectEngine]
    let effects: [SignatureEffect]
    let patternBytes: [UInt8]
    let bitLists: [Int32]
    let stateTests: [HostBitTest]
    let thresholds: [ThresholdTest]
    let suppressions: [Suppression]
    let bufferUses: [BufferUse]
    let countryTests: [CountryTest]
    let countries: CountryDatabase?
    let captures: [PatternCapture]
    let variableTests: [VariableTest]
    let tags: [TagDefinition]
    /// Some signature tags hosts.
    let tagsHosts: Bool
    let datasets: [DatasetDefinition]
    let datasetConditions: [DatasetCondition]
    let reputationTests: [ReputationTest]
    let reputations: ReputationTable
    /// Candidates among transaction signatures, by buffer: those of each protocol and direction.
    private let matchers: [[BufferMatcher]]
    /// Candidates among payload signatures, for TCP and for the rest, by direction.
    private let streamMatchers: (toServer: PayloadMatcher, toClient: PayloadMatcher)
    private let datagramMatchers: (toServer: PayloadMatcher, toClient: PayloadMatcher)
    /// Payload signatures that a literal finds.
    let isFoundByLiteral: [Bool]
    /// Signatures with decoder or stream events, in order.
    let eventRules: [EventRule]
    /// Rules of the documents: taken, refused, left out because they require another engine.
    public let ruleCounts: (loaded: Int, failed: Int, skipped: Int)
    /// Most alerts one packet can have, as `CompileOptions` says.
    public let maximumAlerts: Int
    /// Some signature looks into the reassembled stream.
    public let inspectsStream: Bool
    /// What tells which flows have rules with content of the stream.
    let streamPorts: Set<StreamPorts>
    /// Some signature looks into HTTP bodies.
    public let inspectsBodies: Bool
    /// Some signature asks for a HASSH.
    public let readsHASSH: Bool
    /// Some signature leaves bits, integers or the like in a flow.
    public let usesFlowbits: Bool

    init(
        source: PolicySource, options: CompileOptions, signatures: [Signature], firstDefault: Int32,
        tables: PolicyTables, ruleCounts: (loaded: Int, failed: Int, skipped: Int)
    ) {
        self.ruleCounts = ruleCounts
        maximumAlerts = options.maximumAlerts
        name = source.name
        generation = options.generation
        order = source.order
        compatibleWithSuricata = options.compatibleWithSuricata
        self.signatures = signatures
        self.firstDefault = firstDefault
        details = tables.details
        groups = source.groups.map { Group(name: $0.name, resource: $0.resource) }
        stateless = StatelessEvaluator(source.stateless)
        names = tables.names
        stateTests = tables.stateTests
        thresholds = tables.thresholds
        suppressions = tables.suppressions
        headers = HeaderIndex(headers: tables.headers)
        var members = Array(repeating: [Int32](), count: tables.headers.count)
        for signature in signatures { members[Int(signature.header)].append(signature.order) }
        self.members = members
        ruleHeaders = tables.headers
        packetTests = tables.packetTests
        bufferConditions = tables.bufferConditions
        byteOperations = tables.byteOperations
        expressions = tables.expressions
        transactionTests = tables.transactionTests
        engines = tables.engines
        effects = tables.effects
        patternBytes = tables.patternBytes
        bitLists = tables.bitLists
        bufferUses = tables.bufferUses
        countryTests = tables.countries
        countries = options.countries
        captures = tables.captures
        variableTests = tables.variableTests
        tags = tables.tags
        tagsHosts = tables.tags.contains { $0.host != nil }
        datasets = tables.datasets.all
        datasetConditions = tables.datasetConditions
        reputationTests = tables.reputationTests
        reputations = options.reputations
        eventRules = signatures.filter { $0.kind == .event }.map {
            EventRule(signature: $0.order, header: tables.headers[Int($0.header)])
        }
        let buffers = BufferMatcher.all(signatures: signatures, tables: tables)
        matchers = AppProtocol.allCases.flatMap { appProtocol in
            [true, false].map { toServer in
                buffers.filter { $0.toServer == toServer && $0.accepts(appProtocol) }
            }
        }
        streamMatchers = (
            PayloadMatcher(signatures, tables, isTCP: true, .toServer),
            PayloadMatcher(signatures, tables, isTCP: true, .toClient)
        )
        datagramMatchers = (
            PayloadMatcher(signatures, tables, isTCP: false, .toServer),
            PayloadMatcher(signatures, tables, isTCP: false, .toClient)
        )
        isFoundByLiteral = signatures.map { PayloadMatcher.covers($0, tables) }
        usesFlowbits =
            tables.effects.contains(where: \.isAboutFlow) || tables.tags.contains { $0.host == nil }
            || tables.captures.contains { $0.target != .packet }
        inspectsBodies =
            tables.bufferUses.contains {
                [.httpRequestBody, .httpResponseBody, .fileData, .fileName].contains($0.buffer)
            } || tables.transactionTests.contains(where: \.isAboutBody)
        readsHASSH = tables.bufferUses.contains {
            [.sshHASSH, .sshHASSHString, .sshHASSHServer, .sshHASSHServerString].contains($0.buffer)
        }
        streamPorts = Set(
            signatures.filter { $0.requirements.contains(.streamContent) }.map { signature in
                let header = tables.headers[Int(signature.header)]
                return StreamPorts(
                    toServer: signature.toServer, toClient: signature.toClient, source: header.sourcePorts,
                    destination: header.destinationPorts)
            })
        inspectsStream = signatures.contains { $0.requirements.contains(.streamContent) }
    }

    func matchers(_ appProtocol: AppProtocol, _ direction: FlowDirection) -> [BufferMatcher] {
        matchers[Int(appProtocol.rawValue) * 2 + (direction == .toServer ? 0 : 1)]
    }

    func streamMatcher(_ direction: FlowDirection) -> PayloadMatcher {
        direction == .toServer ? streamMatchers.toServer : streamMatchers.toClient
    }

    func datagramMatcher(_ direction: FlowDirection) -> PayloadMatcher {
        direction == .toServer ? datagramMatchers.toServer : datagramMatchers.toClient
    }

    public func detail(of signature: Int32) -> SignatureDetail { details[Int(signatures[Int(signature)].detail)] }

    /// The rule group a signature belongs to; nil for a default action.
    public func group(of signature: Int32) -> Group? {
        let index = details[Int(signatures[Int(signature)].detail)].group
        return groups.indices.contains(index) ? groups[index] : nil
    }
}
