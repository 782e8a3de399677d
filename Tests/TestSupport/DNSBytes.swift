/// DNS messages (RFC 1035).
public enum DNSBytes {
    /// A name as labels, without compression.
    public static func name(_ text: String) -> [UInt8] {
        var writer = ByteWriter()
        for label in text.split(separator: ".") { writer.block(1) { $0.append(utf8(String(label))) } }
        writer.u8(0)
        return writer.bytes
    }

    /// A message with any sections; counts follow from them unless they are given.
    public static func message(
        identifier: UInt16 = 0x1a2b, flags: UInt16 = 0x0100, questions: [[UInt8]] = [], answers: [[UInt8]] = [],
        additional: [[UInt8]] = [], questionCount: UInt16? = nil
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.u16(identifier)
        writer.u16(flags)
        writer.u16(questionCount ?? UInt16(questions.count))
        writer.u16(UInt16(answers.count))
        writer.u16(0)
        writer.u16(UInt16(additional.count))
        for record in questions + answers + additional { writer.append(record) }
        return writer.bytes
    }

    public static func question(_ name: String, type: UInt16 = 1, dnsClass: UInt16 = 1) -> [UInt8] {
        question(raw: self.name(name), type: type, dnsClass: dnsClass)
    }

    /// - Parameter raw: the name's bytes, compressed or malformed.
    public static func question(raw: [UInt8], type: UInt16 = 1, dnsClass: UInt16 = 1) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(raw)
        writer.u16(type)
        writer.u16(dnsClass)
        return writer.bytes
    }

    /// An address record whose name points to the first question.
    public static func answer(_ address: [UInt8] = [192, 0, 2, 1], type: UInt16 = 1) -> [UInt8] {
        var writer = ByteWriter()
        writer.u16(0xc00c)
        writer.u16(type)
        writer.u16(1)
        writer.u32(300)
        writer.block(2) { $0.append(address) }
        return writer.bytes
    }

    public static func query(_ name: String, type: UInt16 = 1) -> [UInt8] {
        message(questions: [question(name, type: type)])
    }

    public static func response(_ name: String, code: UInt16 = 0) -> [UInt8] {
        message(flags: 0x8180 | code, questions: [question(name)], answers: [answer()])
    }

    /// As DNS over TCP sends it: behind two bytes of length (RFC 1035 section 4.2.2).
    public static func stream(_ messages: [UInt8]...) -> [UInt8] {
        messages.flatMap { message in
            var writer = ByteWriter()
            writer.block(2) { $0.append(message) }
            return writer.bytes
        }
    }
}
