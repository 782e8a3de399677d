import Wire

/// The name of a certificate's subject or issuer (RFC 5280 section 4.1.2.4) as one line, in Suricata's form:
/// `C=US, O=Example, CN=www.example.com`, in the order encoded, several attributes of one set joined by ` + `.
enum DistinguishedName {
    /// Attributes read from one name. Real ones have fewer than ten; the rest is left out.
    static let maximumAttributes = 64

    /// What stands for a name with a string that is none.
    static let invalid = "<X509Error: Invalid X.509 name>"

    /// - Parameter name: the content of the outer sequence; what follows a malformed part of it does not count.
    /// - Returns: nil for a name with a null byte inside: the classic way to make readers disagree about where it ends.
    static func text(_ name: RawSpan) -> [UInt8]? {
        var text: [UInt8] = []
        guard (try? append(name, to: &text)) ?? true else { return Array(invalid.utf8) }
        return text.contains(0) ? nil : text
    }

    /// False when a string does not fit its type.
    private static func append(_ name: RawSpan, to text: inout [UInt8]) throws(EndOfBytes) -> Bool {
        var sets = DERReader(name)
        var count = 0
        while !sets.isAtEnd {
            var attributes = DERReader(try sets.next(DERReader.Tag.set))
            var separator = ", "
            while !attributes.isAtEnd {
                var attribute = DERReader(try attributes.next(DERReader.Tag.sequence))
                let type = try attribute.next(DERReader.Tag.objectIdentifier)
                let tag = attribute.nextTag ?? 0
                let value = try attribute.next(tag)
                count += 1
                guard count <= maximumAttributes else { return true }
                if !text.isEmpty { text += Array(separator.utf8) }
                separator = " + "
                text += Array(attributeName(type).utf8)
                text.append(UInt8(ascii: "="))
                guard append(value.copied(), tag, to: &text) else { return false }
            }
        }
        return true
    }

    private static func append(_ bytes: [UInt8], _ tag: UInt8, to text: inout [UInt8]) -> Bool {
        switch tag {
        case DERReader.Tag.utf8String:
            guard String(validating: bytes, as: UTF8.self) != nil else { return false }
            text += bytes
        case 0x12, 0x13, 0x14, 0x16, 0x1a, 0x1b:
            // Numeric, printable, teletex, IA5, visible and general strings: ASCII in practice.
            guard bytes.allSatisfy({ $0 < 0x80 }) else { return false }
            text += bytes
        case DERReader.Tag.bmpString:
            let units = stride(from: 0, to: bytes.count, by: 2).map { index in
                UInt16(bytes[index]) << 8 | UInt16(index + 1 < bytes.count ? bytes[index + 1] : 0)
            }
            guard let string = String(validating: units, as: UTF16.self) else { return false }
            text += Array(string.utf8)
        default:
            for byte in bytes { text += hexadecimal(byte) }
        }
        return true
    }

    private static func hexadecimal(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    private static func attributeName(_ identifier: RawSpan) -> String {
        let text = dotted(identifier)
        return names[text] ?? "OID(\(text))"
    }

    /// An object identifier as `1.2.840.113549`; parts beyond 32 bits are cut.
    static func dotted(_ identifier: RawSpan) -> String {
        var parts: [UInt32] = []
        var part: UInt32 = 0
        for index in 0..<identifier.byteCount {
            let byte = identifier.byte(at: index)
            part = part << 7 | UInt32(byte & 0x7f)
            guard byte & 0x80 == 0 else { continue }
            if parts.isEmpty {
                let first = min(part / 40, 2)
                parts = [first, part &- first &* 40]
            } else {
                parts.append(part)
            }
            part = 0
        }
        return parts.map(String.init).joined(separator: ".")
    }

    private static let names: [String: String] = [
        "2.5.4.3": "CN", "2.5.4.4": "surname", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L",
        "2.5.4.8": "ST", "2.5.4.9": "streetAddress", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title",
        "2.5.4.13": "description", "2.5.4.14": "searchGuide", "2.5.4.15": "businessCategory",
        "2.5.4.16": "postalAddress", "2.5.4.17": "postalCode", "2.5.4.41": "name", "2.5.4.42": "givenName",
        "2.5.4.43": "initials", "2.5.4.44": "generationQualifier", "2.5.4.45": "uniqueIdentifier",
        "2.5.4.46": "dnQualifier", "0.9.2342.19200300.100.1.1": "uid", "0.9.2342.19200300.100.1.25": "DC",
        "1.2.840.113549.1.9.1": "Email", "1.2.840.113549.1.9.2": "unstructuredName",
        "1.2.840.113549.1.9.7": "challengePassword", "1.3.6.1.4.1.311.60.2.1.1": "msJurisdictionLocality",
        "1.3.6.1.4.1.311.60.2.1.2": "msJurisdictionStateOrProvince",
        "1.3.6.1.4.1.311.60.2.1.3": "msJurisdictionCountry",
    ]
}
