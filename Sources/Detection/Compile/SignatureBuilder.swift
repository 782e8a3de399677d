import AppLayer
import NetTypes
import RuleLanguage

/// What surrounds the rules of a group when they are compiled.
struct RuleContext: Sendable {
    var scope: VariableScope
    var group: Int
    /// AWS's DROP_TO_ALERT override: drop and reject only log.
    var dropToAlert: Bool
    var classifications: [String: Classification]
    var hasCountryDatabase: Bool
    var requiresDatabases: Bool
    var compatibleWithSuricata = false
    /// Names of reference systems; nil takes any.
    var references: Set<String>?
    var reputations = ReputationTable()
    var datasets = DatasetFiles.none
    var ignoresUnknownRequirements = false
    var features = RuleRequirement.features
}

/// Gathers what the keywords of one rule say, checks it, and turns it into signatures.
struct SignatureBuilder {
    /// A literal with its modifiers, as the rule builds it up.
    struct ContentDraft {
        var bytes: [UInt8]
        var pattern = ContentPattern(bytes: 0..<0)
        var isFastPattern = false
        var isFastPatternOnly = false
        var hasRawBytes = false
        var offset: Int?
        var depth: Int?
        let option: RuleOption

        /// Modifiers that bind the literal to an absolute place.
        var isAbsolute: Bool { offset != nil || depth != nil }
    }

    enum ConditionDraft {
        case content(ContentDraft)
        case size(IntegerTest, RuleOption)
        case bytes(ByteOperation, RuleOption)
        case expression(ExpressionCondition, RuleOption)
        case base64(Base64Decoding, RuleOption)
        case dataset(DatasetDraft, RuleOption)
        case numberedDataset(DatasetCommand, Int32)
    }

    struct BufferDraft {
        var use: BufferUse
        var conditions: [ConditionDraft] = []
        let option: RuleOption
    }

    enum Target: Equatable {
        case payload
        case buffer(Int)
        /// What `base64_decode` made; there is no way back from it.
        case base64
    }

    let rule: RuleSyntax
    let context: RuleContext
    let ruleProtocol: RuleProtocol
    var detail: SignatureDetail
    var diagnostics: [Diagnostic] = []

    var appProtocol: AppProtocol
    /// Another protocol that does as well.
    var alternative: AppProtocol
    var flow: FlowTest?
    var packetTests: [PacketTest] = []
    /// Names and kind of flowbit tests, numbered when the signature is made.
    var flowbitTests: [(names: [String], isSet: Bool)] = []
    /// Effects and tests of state, made when the names get their numbers.
    var effects: [@Sendable (inout StateNames) -> SignatureEffect] = []
    var stateTests: [@Sendable (inout StateNames) -> HostBitTest] = []
    var integerTests: [@Sendable (inout StateNames) -> FlowIntegerTest] = []
    var threshold: ThresholdTest?
    var tags: [TagDefinition] = []
    var countryTests: [CountryTest] = []
    var reputationTests: [ReputationTest] = []
    var transactionTests: [TransactionTest] = []
    /// Options beside buffers that fix the rule's direction.
    var directedOptions: [(FlowDirection, RuleOption)] = []
    var payload: [ConditionDraft] = []
    var buffers: [BufferDraft] = []
    var base64: [ConditionDraft] = []
    var hasBase64Decoding = false
    var target = Target.payload
    /// Where the literal written last stands.
    private var lastContent: (target: Target, index: Int)?
    var lastContentTarget: Target? { lastContent?.target }
    var isSilenced = false
    var isAlertWanted = false
    var hasExplicitPriority = false
    /// A keyword about single packets (dsize, flags, ttl, ...): content is not looked for in the stream then.
    var packetKeyword: RuleOption?
    var hasOnlyAddressTests = true
    /// Numbers the rule has read so far, by name.
    var byteVariables: [String: ByteVariable] = [:]
    /// A number read in one buffer is used in another.
    var sharesNumbers = false
    var expressions: [RegularExpression] = []
    /// What each of them keeps.
    var captures: [[PatternCapture.Draft]] = []
    var variableTests: [@Sendable (inout StateNames) -> VariableTest] = []
    /// `l3_proto`.
    var ipVersion: IPVersion?
    var flowEffects: [FlowEffect] = []
    var hasEventTest = false
    var hasPrefilter = false

    /// Something that a packet can meet or not stands in the rule already.
    var hasCondition: Bool {
        !packetTests.isEmpty || !payload.isEmpty || !buffers.isEmpty || !flowbitTests.isEmpty
            || !transactionTests.isEmpty || !countryTests.isEmpty
            || !reputationTests.isEmpty || !variableTests.isEmpty
    }

    init(rule: RuleSyntax, ruleProtocol: RuleProtocol, context: RuleContext) {
        self.rule = rule
        self.context = context
        self.ruleProtocol = ruleProtocol
        appProtocol = ruleProtocol.appProtocol
        alternative = ruleProtocol.alternative
        detail = SignatureDetail(signatureID: 0, location: rule.location)
        detail.group = context.group
        detail.text = rule.text
    }

    // MARK: called by keywords

    mutating func warn(_ option: RuleOption, _ message: String, hint: String? = nil) {
        diagnostics.append(rule.diagnostic(.warning, at: option.value ?? option.nameToken, message, hint: hint))
    }

    /// Adds a packet test. - Parameter addressCompatible: the test may stand in an address-only rule.
    mutating func add(_ test: PacketTest, addressCompatible: Bool = false) {
        packetTests.append(test)
        if !addressCompatible { hasOnlyAddressTests = false }
    }

    /// From here on content goes to this buffer.
    mutating func select(_ buffer: StickyBuffer, _ option: RuleOption) throws(RuleProblem) {
        guard target != .base64 else {
            throw RuleProblem("\(option.name) does not go behind base64_data", hint: "put it before base64_decode")
        }
        let buffer = buffer.variant(for: appProtocol)
        if buffer.isOfPacket {
            try requireHeader(for: buffer, option)
        } else {
            try require(buffer.appProtocol, or: buffer.alternative, for: option)
        }
        // Named again it is the same buffer, where the packet or the message has one; each of several may be another.
        if buffer.isMultiple {
            buffers.append(BufferDraft(use: BufferUse(buffer: buffer.id), option: option))
            target = .buffer(buffers.count - 1)
        } else {
            target = .buffer(draft(of: buffer, option))
        }
    }

    /// A buffer of a transport header needs a rule header that lets such packets through.
    private mutating func requireHeader(for buffer: StickyBuffer, _ option: RuleOption) throws(RuleProblem) {
        if let needed = PacketBuffers.protocols(of: buffer.id), !ruleProtocol.ipProtocols.isEmpty,
            Set(needed).isDisjoint(with: ruleProtocol.ipProtocols)
        {
            throw RuleProblem(
                "\(buffer.name) does not occur in \(rule.protocolName) packets", hint: "change the rule's protocol")
        }
        hasOnlyAddressTests = false
        if PacketBuffers.bindsToPackets(buffer.id) { packetKeyword = packetKeyword ?? option }
    }

    /// A keyword of an application protocol fixes the rule's; two different ones cannot both hold.
    /// - Parameter other: a protocol that has the same; unknown for none.
    mutating func require(
        _ needed: AppProtocol, or other: AppProtocol = .unknown, for option: RuleOption
    ) throws(RuleProblem) {
        if appProtocol == .unknown {
            appProtocol = needed
            alternative = other
            return
        }
        if appProtocol == other, other != .unknown { return }
        if alternative == needed, other == .unknown {
            appProtocol = needed
            alternative = .unknown
        }
        if alternative != other { alternative = .unknown }
        guard appProtocol == needed else {
            throw RuleProblem(
                "\(option.name) belongs to \(needed.name), the rule is about \(appProtocol.name)",
                hint: "write '\(needed.name)' in the header, or remove \(option.name)")
        }
    }

    /// Changes the literal written last, also when an old-style modifier has moved it since.
    mutating func modifyContent(
        _ option: RuleOption, _ change: (inout ContentDraft) throws(RuleProblem) -> Void
    ) throws(RuleProblem) {
        let missing = RuleProblem(
            "\(option.name) needs a content before it", hint: "write content:\"...\"; \(option.name);")
        guard let place = lastContent else { throw missing }
        switch place.target {
        case .payload:
            guard payload.indices.contains(place.index), case .content(var draft) = payload[place.index] else {
                throw missing
            }
            try change(&draft)
            payload[place.index] = .content(draft)
        case .base64:
            guard case .content(var draft) = base64[place.index] else { throw missing }
            try change(&draft)
            base64[place.index] = .content(draft)
        case .buffer(let buffer):
            guard case .content(var draft) = buffers[buffer].conditions[place.index] else { throw missing }
            try change(&draft)
            buffers[buffer].conditions[place.index] = .content(draft)
        }
    }

    mutating func append(_ condition: ConditionDraft) {
        switch target {
        case .payload:
            payload.append(condition)
            if condition.isContent { lastContent = (.payload, payload.count - 1) }
        case .base64:
            base64.append(condition)
            if condition.isContent { lastContent = (.base64, base64.count - 1) }
        case .buffer(let index):
            buffers[index].conditions.append(condition)
            if condition.isContent { lastContent = (target, buffers[index].conditions.count - 1) }
        }
    }

    /// A condition on a buffer that is not selected by it.
    mutating func add(_ condition: ConditionDraft, to buffer: StickyBuffer, _ option: RuleOption) throws(RuleProblem) {
        try require(buffer.appProtocol, or: buffer.alternative, for: option)
        buffers[draft(of: buffer, option)].conditions.append(condition)
    }

    /// Index of what is said about a buffer without transforms.
    private mutating func draft(of buffer: StickyBuffer, _ option: RuleOption) -> Int {
        if let known = buffers.firstIndex(where: { $0.use == BufferUse(buffer: buffer.id) }) { return known }
        buffers.append(BufferDraft(use: BufferUse(buffer: buffer.id), option: option))
        return buffers.count - 1
    }

    /// Old style: the modifier moves the literal before it from the payload into a buffer.
    mutating func moveContent(to buffer: StickyBuffer, _ option: RuleOption) throws(RuleProblem) {
        try require(buffer.appProtocol, or: buffer.alternative, for: option)
        guard target == .payload, let last = payload.lastIndex(where: \.isContent) else {
            throw RuleProblem(
                "\(option.name) needs a content before it", hint: "better: \(buffer.name); content:\"...\";")
        }
        let condition = payload.remove(at: last)
        let index = draft(of: buffer, option)
        buffers[index].conditions.append(condition)
        lastContent = (.buffer(index), buffers[index].conditions.count - 1)
    }

    /// Puts a condition behind the others of a buffer that is named with the condition itself.
    mutating func append(
        _ condition: ConditionDraft, to buffer: StickyBuffer, _ option: RuleOption
    ) throws(RuleProblem) {
        try require(buffer.appProtocol, or: buffer.alternative, for: option)
        buffers[draft(of: buffer, option)].conditions.append(condition)
    }
}

extension SignatureBuilder.ConditionDraft {
    var isContent: Bool {
        if case .content = self { true } else { false }
    }

    /// It has a place that the next condition may count from.
    var hasPlace: Bool {
        switch self {
        case .content, .expression: true
        case .size, .bytes, .base64, .dataset, .numberedDataset: false
        }
    }

    /// It counts from the match before.
    var isRelative: Bool {
        switch self {
        case .content(let draft): draft.pattern.isRelative
        case .bytes(let operation, _): operation.isRelative
        case .expression(let expression, _): expression.isRelative
        // Suricata tries no other place of a match before it.
        case .size, .base64, .dataset, .numberedDataset: false
        }
    }

    var content: SignatureBuilder.ContentDraft? {
        if case .content(let draft) = self { draft } else { nil }
    }
}
