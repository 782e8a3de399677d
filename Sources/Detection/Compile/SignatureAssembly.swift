import AppLayer
import NetTypes
import RuleLanguage

/// The last step of a rule's compilation: checks across keywords, then one signature, or two for `<>`.
extension SignatureBuilder {
    struct Direction {
        var toServer: Bool
        var toClient: Bool
    }

    mutating func assemble(
        header: RuleHeader, hasNegatedAddress: Bool, order: inout Int32, into tables: inout PolicyTables
    ) -> [Signature] {
        checkIdentity()
        checkBuffers()
        checkPayloadSize()
        checkFastPatterns()
        let direction = checkDirection()
        checkMixture()
        defineDatasets(&tables)
        guard !diagnostics.contains(where: { $0.severity == .error }) else { return [] }
        let kind = kind(direction: direction, hasNegatedAddress: hasNegatedAddress)
        tables.details.append(detail)
        let integers = integerTests.map { PacketTest.flowInteger($0(&tables.names)) }
        let tests = packetTests + integers + flowbitTests.map { .flowbits(tables.bitList($0.names), isSet: $0.isSet) }
        let countries = countryTests.map { test -> PacketTest in
            tables.countries.append(test)
            return .geoip(Int32(tables.countries.count - 1))
        }
        let reputations = reputationTests.map { test -> PacketTest in
            tables.reputationTests.append(test)
            return .reputation(Int32(tables.reputationTests.count - 1))
        }
        let variables = variableTests.map { make -> PacketTest in
            tables.variableTests.append(make(&tables.names))
            return .variable(Int32(tables.variableTests.count - 1))
        }
        let headers = packetBuffers.map { buffer in
            PacketTest.packetBuffer(
                tables.use(buffer.use), tables.bufferConditions.place(conditions(buffer.conditions, &tables)))
        }
        let packetRange = tables.packetTests.place(tests + countries + reputations + variables + headers)
        let base64Range = tables.bufferConditions.place(conditions(base64, &tables))
        place(base64Range)
        let payloadRange = tables.bufferConditions.place(conditions(payload, &tables))
        let engineRange = tables.engines.place(engines(direction, &tables))
        let effectRange = tables.effects.place(
            effects.map { $0(&tables.names) } + flowEffects.map(SignatureEffect.flow))
        let stateRange = tables.stateTests.place(stateTests.map { $0(&tables.names) })
        let thresholdRange = tables.thresholds.place(threshold.map { [$0] } ?? [])
        let tagRange = tables.tags.place(tags)
        let action = context.dropToAlert && rule.action.blocks ? RuleAction.alert : rule.action
        func signature(_ header: RuleHeader) -> Signature {
            defer { order += 1 }
            return Signature(
                order: order, action: action, logs: action == .pass ? isAlertWanted : !isSilenced && action != .config,
                kind: kind,
                scope: kind.scope, toServer: direction.toServer, toClient: direction.toClient, appProtocol: appProtocol,
                alternative: alternative, requirements: requirements,
                header: tables.header(header), packetTests: packetRange, payload: payloadRange, engines: engineRange,
                effects: effectRange, stateTests: stateRange, thresholds: thresholdRange,
                tags: tagRange,
                detail: Int32(tables.details.count - 1))
        }
        var signatures = [signature(header)]
        let reversed = RuleHeader(
            ruleProtocol: header.ruleProtocol, source: header.destination, sourcePorts: header.destinationPorts,
            destination: header.source, destinationPorts: header.sourcePorts)
        // Both ends alike: one signature sees both ways already.
        if rule.direction == .both, reversed != header { signatures.append(signature(reversed)) }
        return signatures
    }

    /// Every `base64_decode` of the rule is for the same conditions.
    private mutating func place(_ range: Range<Int32>) {
        guard hasBase64Decoding else { return }
        func placed(_ draft: ConditionDraft) -> ConditionDraft {
            guard case .base64(var decoding, let option) = draft else { return draft }
            decoding.conditions = range
            return .base64(decoding, option)
        }
        payload = payload.map(placed)
        for index in buffers.indices { buffers[index].conditions = buffers[index].conditions.map(placed) }
    }

    private mutating func fail(_ token: Token, _ message: String, hint: String? = nil) {
        diagnostics.append(rule.diagnostic(at: token, message, hint: hint))
    }

    // MARK: checks

    private mutating func checkIdentity() {
        let sids = rule.options.filter { $0.name == "sid" }
        if sids.isEmpty {
            fail(rule.actionToken, "the rule has no sid", hint: "every rule needs a number of its own: sid:1000001;")
        } else if sids.count > 1 {
            fail(sids[1].nameToken, "the rule has a second sid")
        }
        for name in ["rev", "msg", "gid", "priority", "classtype"] {
            let found = rule.options.filter { $0.name == name }
            guard found.count > 1 else { continue }
            // As in Suricata: some may stand twice, and the last counts.
            let severity: Diagnostic.Severity = name == "rev" || name == "msg" ? .error : .warning
            diagnostics.append(rule.diagnostic(severity, at: found[1].nameToken, "\(name) stands twice"))
        }
    }

    private mutating func checkBuffers() {
        for buffer in buffers {
            let definition = StickyBuffer.byID[Int(buffer.use.buffer.rawValue)]
            if buffer.conditions.isEmpty {
                fail(
                    buffer.option.nameToken, "\(definition.name) has nothing to match",
                    hint: "write content:\"...\"; behind it")
            }
            // As in Suricata, a transform lets such contents through.
            if definition.isLowercase, buffer.use.transforms.isEmpty { checkLowercase(buffer, definition) }
            if definition.isWord { checkWord(buffer, definition) }
            checkSizes(buffer)
        }
        for index in buffers.indices { takeForm(index) }
        for buffer in buffers { checkTransforms(buffer) }
    }

    /// A literal that a transform would have changed can never match.
    private mutating func checkTransforms(_ buffer: BufferDraft) {
        for case .content(let draft) in buffer.conditions {
            var before: UInt8?
            for transform in buffer.use.transforms {
                let isUnreachable =
                    switch transform {
                    case .stripWhitespace: draft.bytes.contains { Transform.isSpace($0) }
                    case .compressWhitespace:
                        draft.bytes.contains { byte in
                            defer { before = byte }
                            return Transform.isSpace(byte) && before.map(Transform.isSpace) == true
                        }
                    case .toLowercase: draft.bytes.contains { $0.lowercased != $0 }
                    case .toUppercase: draft.bytes.contains { $0.uppercased != $0 }
                    default: false
                    }
                guard isUnreachable else { continue }
                fail(
                    draft.option.value ?? draft.option.nameToken,
                    "the buffer's transform leaves nothing like this content", hint: "such a rule can never match")
                return
            }
        }
    }

    private mutating func checkWord(_ buffer: BufferDraft, _ definition: StickyBuffer) {
        for case .content(let draft) in buffer.conditions {
            let ends = [draft.bytes.first, draft.bytes.last].compactMap { $0 }
            guard ends.contains(32) || ends.contains(9) else { continue }
            fail(
                draft.option.value ?? draft.option.nameToken, "\(definition.name) has no blank at either end",
                hint: "remove it: such a content can never match")
        }
    }

    private mutating func checkLowercase(_ buffer: BufferDraft, _ definition: StickyBuffer) {
        for case .content(let draft) in buffer.conditions {
            if draft.pattern.ignoresCase {
                fail(
                    draft.option.value ?? draft.option.nameToken,
                    "nocase does not go with \(definition.name): it is always in lower case",
                    hint: "remove nocase")
            } else if draft.bytes.contains(where: { (65...90).contains($0) }) {
                fail(
                    draft.option.value ?? draft.option.nameToken,
                    "\(definition.name) is always in lower case, this content has capitals",
                    hint: "write it in lower case")
            }
        }
    }

    /// Brings the literals of a buffer into its form.
    private mutating func takeForm(_ index: Int) {
        let definition = StickyBuffer.byID[Int(buffers[index].use.buffer.rawValue)]
        guard let form = definition.contentForm, buffers[index].use.transforms.isEmpty else { return }
        for place in buffers[index].conditions.indices {
            guard case .content(var draft) = buffers[index].conditions[place] else { continue }
            switch form {
            case .uppercase: draft.bytes = draft.bytes.map(\.uppercased)
            case .lowercaseHash(let length):
                draft.bytes = draft.bytes.map(\.lowercased)
                guard draft.bytes.count != length else { break }
                fail(
                    draft.option.value ?? draft.option.nameToken,
                    "\(definition.name) has \(length) characters, this content \(draft.bytes.count)",
                    hint: "write the whole of it")
            }
            buffers[index].conditions[place] = .content(draft)
        }
    }

    private mutating func checkSizes(_ buffer: BufferDraft) {
        let longest =
            buffer.conditions.compactMap(\.content).filter { !$0.pattern.isNegated }.map(\.bytes.count).max() ?? 0
        for case .size(let test, let option) in buffer.conditions {
            let impossible: Bool
            switch test.comparison {
            case .equal, .lessOrEqual: impossible = test.first < longest
            case .less: impossible = test.first <= longest
            case .between: impossible = test.second <= longest
            default: impossible = false
            }
            if impossible {
                fail(
                    option.value ?? option.nameToken, "bsize leaves less room than the content's \(longest) bytes",
                    hint: "such a rule can never match")
            }
        }
    }

    /// One literal of a rule may be marked; what the mark demands holds whatever the order of the modifiers.
    private mutating func checkFastPatterns() {
        let literals = (payload + base64 + buffers.flatMap(\.conditions)).compactMap(\.content)
        let marked = literals.filter { $0.isFastPattern }
        if marked.count > 1 {
            fail(marked[1].option.nameToken, "fast_pattern stands behind two contents of the rule", hint: "keep one")
        }
        for draft in marked {
            let hasPlace = draft.isAbsolute || draft.pattern.isRelative || draft.pattern.startsWith
            if draft.pattern.isNegated, hasPlace {
                fail(draft.option.nameToken, "fast_pattern cannot stand with a negated content that has a place")
            } else if draft.isFastPatternOnly, draft.pattern.isNegated || hasPlace {
                fail(
                    draft.option.nameToken,
                    "fast_pattern:only cannot stand with a content that is negated or has a place")
            }
        }
    }

    /// Bytes that the payload's literals need at least against what `dsize` leaves. Negated literals count as well, as
    /// in Suricata.
    private mutating func checkPayloadSize() {
        var needed = 0
        var longest = 0
        for draft in payload.compactMap(\.content) {
            if draft.pattern.isRelative {
                // All of the window in which a negated literal must not stand has to be there.
                let size = draft.pattern.isNegated ? draft.pattern.within.map(Int.init) : nil
                needed += (size ?? draft.bytes.count) + Int(draft.pattern.distance ?? 0)
            } else {
                needed = draft.bytes.count + (draft.offset ?? 0)
            }
            longest = max(longest, needed)
        }
        guard longest > 0, let option = rule.option("dsize") else { return }
        for case .payloadSize(let test) in packetTests {
            let most: Int64
            switch test.comparison {
            case .equal, .notEqual, .less: most = test.first
            case .between: most = test.second
            default: continue
            }
            guard Int64(longest) > most else { continue }
            fail(
                option.value ?? option.nameToken, "dsize leaves less room than the \(longest) bytes the contents need",
                hint: "such a rule can never match")
        }
    }

    /// The direction that `flow` and the buffers leave.
    private mutating func checkDirection() -> Direction {
        var direction = Direction(toServer: true, toClient: true)
        if let flow, flow.toServer != flow.toClient {
            direction = Direction(toServer: flow.toServer, toClient: flow.toClient)
        }
        for buffer in buffers {
            let definition = StickyBuffer.byID[Int(buffer.use.buffer.rawValue)]
            if definition.needsDirection, direction.toServer, direction.toClient {
                fail(
                    buffer.option.nameToken, "\(definition.name) is different in each direction",
                    hint: "add flow:to_server, or flow:to_client")
            }
            guard definition.directions.count == 1, let only = definition.directions.first else { continue }
            let fits = only == .toServer ? direction.toServer : direction.toClient
            guard fits else {
                fail(
                    buffer.option.nameToken,
                    "\(definition.name) is part of what goes to the \(only == .toServer ? "server" : "client"), the rule looks the other way",
                    hint: "change flow, or the buffer")
                continue
            }
            direction = Direction(toServer: only == .toServer, toClient: only == .toClient)
        }
        for (only, option) in directedOptions {
            guard only == .toServer ? direction.toServer : direction.toClient else {
                fail(
                    option.nameToken,
                    "\(option.name) is about what goes to the \(only == .toServer ? "server" : "client"), the rule looks the other way",
                    hint: "change flow, or remove \(option.name)")
                continue
            }
            direction = Direction(toServer: only == .toServer, toClient: only == .toClient)
        }
        return direction
    }

    private mutating func checkMixture() {
        guard let packetKeyword else { return }
        if hasApplicationParts {
            fail(
                packetKeyword.nameToken,
                "\(packetKeyword.name) is about single packets and does not go with application buffers",
                hint: "remove it, or use content without a buffer")
        }
        if ruleProtocol.streamOnly || flow?.streamOnly == true {
            fail(
                packetKeyword.nameToken,
                "\(packetKeyword.name) is about single packets and does not go with the stream alone")
        }
    }

    // MARK: kind and requirements

    private var packetBuffers: [BufferDraft] {
        buffers.filter { StickyBuffer.byID[Int($0.use.buffer.rawValue)].isOfPacket }
    }

    private var hasApplicationParts: Bool { packetBuffers.count < buffers.count || !transactionTests.isEmpty }

    private func kind(direction: Direction, hasNegatedAddress: Bool) -> SignatureKind {
        let hasTests =
            !packetTests.isEmpty || !flowbitTests.isEmpty || !countryTests.isEmpty || !packetBuffers.isEmpty
            || !stateTests.isEmpty || !integerTests.isEmpty || !reputationTests.isEmpty
            || !variableTests.isEmpty
        if hasEventTest, !hasApplicationParts { return .event }
        if appProtocol == .unknown, payload.isEmpty, !hasApplicationParts {
            let isDirected = flow != nil && direction.toServer != direction.toClient
            if flow == nil || !isDirected && packetTests.isEmpty, hasOnlyAddressTests, flow == nil {
                return hasNegatedAddress ? .likeAddressOnly : .addressOnly
            }
            if isProtocolDetectionOnly { return .protocolDetection }
        }
        if hasApplicationParts { return .transaction }
        if !payload.isEmpty {
            let content = requirements.intersection([.packetContent, .streamContent])
            if content == .packetContent { return .packet }
            return content == .streamContent ? .stream : .packetOrStream
        }
        if hasTests { return .packet }
        return appProtocol == .unknown ? .packet : .application
    }

    private var isProtocolDetectionOnly: Bool {
        guard flowbitTests.isEmpty, countryTests.isEmpty, stateTests.isEmpty, integerTests.isEmpty,
            reputationTests.isEmpty, variableTests.isEmpty
        else { return false }
        var hasProtocol = false
        for test in packetTests {
            switch test {
            case .appLayerProtocol: hasProtocol = true
            case .ipProtocol, .sameAddress: break
            default: return false
            }
        }
        return hasProtocol
    }

    private var requirements: Signature.Requirements {
        var result: Signature.Requirements = []
        if sharesNumbers { result.insert(.sharesNumbers) }
        let literals = buffers.flatMap(\.conditions).compactMap(\.content)
        if appProtocol == .http1, payload.isEmpty, !literals.isEmpty, literals.allSatisfy(\.pattern.isNegated) {
            result.insert(.onlyAbsence)
        }
        if literals.allSatisfy(\.pattern.isNegated) { result.insert(.noLiteral) }
        // A bare direction holds of a packet without a flow as well.
        if flow?.isDirectionOnly == false || appProtocol != .unknown { result.insert(.flow) }
        if packetTests.contains(where: \.needsPayload) { result.insert(.payload) }
        if !payload.isEmpty {
            result.insert(.payload)
            let isTCP = ruleProtocol.ipProtocols.isEmpty || ruleProtocol.ipProtocols.contains(.tcp)
            let packetsOnly = packetKeyword != nil || ruleProtocol.packetsOnly || flow?.packetsOnly == true || !isTCP
            if packetsOnly {
                result.insert(.packetContent)
            } else {
                result.insert(.streamContent)
                let hasPlace = payload.compactMap(\.content).contains { $0.isAbsolute || $0.pattern.startsWith }
                if ruleProtocol.streamOnly || flow?.streamOnly == true { result.insert(.streamOnly) }
                if hasPlace, !ruleProtocol.streamOnly, flow?.streamOnly != true { result.insert(.packetContent) }
            }
        }
        return result
    }

    // MARK: conditions

    private func conditions(_ drafts: [ConditionDraft], _ tables: inout PolicyTables) -> [BufferCondition] {
        drafts.enumerated().map { index, draft in
            // What counts from this one's place: everything up to the next condition that has a place, that included.
            let followers = drafts[(index + 1)...]
            let next = followers.firstIndex(where: \.hasPlace)
            let between = followers[..<(next ?? followers.endIndex)].contains(where: \.isRelative)
            let following = next.map { drafts[$0] }
            switch draft {
            case .size(let test, _): return .size(test)
            case .base64(let decoding, _): return .base64(decoding)
            case .bytes(let operation, _):
                tables.byteOperations.append(operation)
                return .bytes(Int32(tables.byteOperations.count - 1))
            case .numberedDataset(let command, let number):
                tables.datasetConditions.append(DatasetCondition(command: command, dataset: number))
                return .dataset(Int32(tables.datasetConditions.count - 1))
            case .dataset: preconditionFailure("data sets have their numbers by now")
            case .expression(var expression, _):
                expression.captures = tables.place(captures[Int(expression.index)])
                tables.expressions.append(expressions[Int(expression.index)])
                expression.index = Int32(tables.expressions.count - 1)
                expression.precedesRelative = following?.isRelative == true || between
                return .expression(expression)
            case .content(let content):
                var pattern = content.pattern
                let bytes = pattern.ignoresCase ? content.bytes.map(\.lowercased) : content.bytes
                pattern.bytes = tables.pattern(bytes)
                pattern.offset = Int32(content.offset ?? 0)
                if let depth = content.depth { pattern.depth = Int32(depth + (content.offset ?? 0)) }
                if pattern.startsWith { pattern.depth = Int32(bytes.count) }
                pattern.precedesRelative = following?.isRelative == true || between
                pattern.precedesWithin =
                    between || following?.content?.pattern.within != nil
                    || following?.isContent == false && following?.isRelative == true
                return .content(pattern)
            }
        }
    }

    private func engines(_ direction: Direction, _ tables: inout PolicyTables) -> [InspectEngine] {
        var engines: [InspectEngine] = []
        let prefilter = prefilterBuffer
        for (index, buffer) in buffers.enumerated() {
            let definition = StickyBuffer.byID[Int(buffer.use.buffer.rawValue)]
            guard !definition.isOfPacket else { continue }
            let range = tables.bufferConditions.place(conditions(buffer.conditions, &tables))
            let use = tables.use(buffer.use)
            for way in definition.directions where way == .toServer ? direction.toServer : direction.toClient {
                engines.append(
                    InspectEngine(
                        subject: .buffer(use), toServer: way == .toServer, progress: definition.progress,
                        conditions: range,
                        isPrefilter: index == prefilter))
            }
        }
        if !transactionTests.isEmpty {
            let range = tables.transactionTests.place(transactionTests)
            for toServer in [true, false] where toServer ? direction.toServer : direction.toClient {
                engines.append(InspectEngine(subject: .tests, toServer: toServer, progress: 0, conditions: range))
            }
        }
        if !payload.isEmpty, !engines.isEmpty {
            for toServer in [true, false] where toServer ? direction.toServer : direction.toClient {
                engines.append(
                    InspectEngine(
                        subject: .payload, toServer: toServer, progress: 0, conditions: 0..<0,
                        isPrefilter: prefiltersPayload))
            }
        }
        // In the order of progress, the prefilter's first and content without a buffer last.
        return engines.enumerated().sorted { left, right in
            if left.element.isPrefilter != right.element.isPrefilter { return left.element.isPrefilter }
            if left.element.isOfPayload != right.element.isOfPayload { return right.element.isOfPayload }
            if left.element.progress != right.element.progress { return left.element.progress < right.element.progress }
            return left.offset < right.offset
        }.map(\.element)
    }

    /// Of a rule about buffers: content without one is looked for first.
    private var prefiltersPayload: Bool {
        payload.compactMap(\.content).contains(where: \.isFastPattern)
    }

    /// The buffer whose literal selects candidates: the one marked `fast_pattern`, else the one with the longest
    /// literal that is not negated.
    private var prefilterBuffer: Int? {
        var best: (index: Int, length: Int)?
        guard !prefiltersPayload else { return nil }
        for (index, buffer) in buffers.enumerated()
        where !StickyBuffer.byID[Int(buffer.use.buffer.rawValue)].isOfPacket {
            for content in buffer.conditions.compactMap(\.content) where !content.pattern.isNegated {
                if content.isFastPattern { return index }
                if content.bytes.count > best?.length ?? 0 { best = (index, content.bytes.count) }
            }
        }
        return best?.index
    }
}
