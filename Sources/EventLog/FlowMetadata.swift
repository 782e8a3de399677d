import Detection

extension EVEEncoder {
    /// What rules have left in the flow: bits, integers and variables. Bits whose names begin with `traffic/id/` or
    /// `traffic/label/` say what kind of traffic it is and stand apart.
    ///
    /// - Parameter packetVariables: what patterns have captured for the packet alone.
    mutating func metadata(
        _ conversation: Conversation?, _ policy: CompiledPolicy, packetVariables: Variables = Variables()
    ) {
        guard settings.logsMetadata, let conversation else { return }
        let bits = EVEEncoder.names(conversation.flowbits, policy.names.flowbits)
        let integers = conversation.flowIntegers
        traffic(bits)
        let plain = bits.filter { !$0.hasPrefix(EVEEncoder.identifierPrefix) && !$0.hasPrefix(EVEEncoder.labelPrefix) }
        let variables = conversation.variables.texts(policy.names.variables)
        let ofPacket = packetVariables.texts(policy.names.variables)
        guard !plain.isEmpty || !integers.isEmpty || !variables.isEmpty || !ofPacket.isEmpty else { return }
        writer.beginObject("metadata")
        self.variables("flowvars", variables)
        if !plain.isEmpty {
            writer.beginArray("flowbits")
            for name in plain { writer.element(name) }
            writer.endArray()
        }
        if !integers.isEmpty {
            let names = policy.names.flowIntegers.names
            writer.beginObject("flowints")
            for integer in integers where names.indices.contains(Int(integer.variable)) {
                writer.member(key: names[Int(integer.variable)], integer.value)
            }
            writer.endObject()
        }
        self.variables("pktvars", ofPacket)
        writer.endObject()
    }

    private mutating func variables(_ key: StaticString, _ variables: [(name: String, value: [UInt8])]) {
        guard !variables.isEmpty else { return }
        writer.beginArray(key)
        for (name, value) in variables {
            writer.beginObject()
            writer.member(key: name, String(decoding: value, as: UTF8.self))
            writer.endObject()
        }
        writer.endArray()
    }

    private static let identifierPrefix = "traffic/id/"
    private static let labelPrefix = "traffic/label/"

    private static func names(_ numbers: [Int32], _ table: BitNames) -> [String] {
        numbers.compactMap { table.names.indices.contains(Int($0)) ? table.names[Int($0)] : nil }
    }

    private mutating func traffic(_ bits: [String]) {
        let identifiers = bits.filter { $0.hasPrefix(EVEEncoder.identifierPrefix) }
        let labels = bits.filter { $0.hasPrefix(EVEEncoder.labelPrefix) }
        guard !identifiers.isEmpty || !labels.isEmpty else { return }
        writer.beginObject("traffic")
        if !identifiers.isEmpty {
            writer.beginArray("id")
            for name in identifiers { writer.element(String(name.dropFirst(EVEEncoder.identifierPrefix.count))) }
            writer.endArray()
        }
        if !labels.isEmpty {
            writer.beginArray("label")
            for name in labels { writer.element(String(name.dropFirst(EVEEncoder.labelPrefix.count))) }
            writer.endArray()
        }
        writer.endObject()
    }
}
