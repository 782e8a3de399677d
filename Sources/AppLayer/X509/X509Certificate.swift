import Wire

/// What rules and records want of a certificate (RFC 5280 section 4.1). The signature is not checked: a firewall on the
/// way knows neither the client's roots nor what it will accept.
///
///     Certificate     ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature }
///     TBSCertificate  ::= SEQUENCE { [0] version, serialNumber, signature, issuer, validity, subject,
///                                    subjectPublicKeyInfo, [1] and [2] identifiers, [3] extensions }
public struct X509Certificate: Sendable {
    /// In the form of `DistinguishedName`.
    public let subject: [UInt8]
    public let issuer: [UInt8]
    /// Bytes in upper-case hexadecimal digits with colons between.
    public let serial: [UInt8]
    /// Seconds since 1970, UTC.
    public let notBefore: Int64
    public let notAfter: Int64
    /// Host names, mail addresses and URIs of the subjectAltName extension (RFC 5280 section 4.2.1.6), as written.
    public let alternativeNames: [[UInt8]]

    /// Alternative names kept of one certificate; content networks list up to a hundred.
    static let maximumNames = 256

    /// Which part is malformed, as the event that says so.
    struct Malformed: Error, Equatable {
        let event: AppLayerEvent
    }

    init(_ der: RawSpan) throws(Malformed) {
        var outer = DERReader(der)
        let certificate = try X509Certificate.next(&outer, DERReader.Tag.sequence, .tlsCertificateInvalidDER)
        var parts = DERReader(certificate)
        let body = try X509Certificate.next(&parts, DERReader.Tag.sequence, .tlsCertificateInvalidDER)
        var fields = DERReader(body)
        try X509Certificate.skipVersion(&fields)
        let number = try X509Certificate.next(&fields, DERReader.Tag.integer, .tlsCertificateInvalidSerial)
        serial = ColonHexadecimal.text(number.copied(), uppercase: true)
        _ = try X509Certificate.next(&fields, DERReader.Tag.sequence, .tlsCertificateInvalidDER)
        let issuerName = try X509Certificate.next(&fields, DERReader.Tag.sequence, .tlsCertificateInvalidDER)
        guard let issuer = DistinguishedName.text(issuerName) else {
            throw Malformed(event: .tlsCertificateInvalidIssuer)
        }
        self.issuer = issuer
        let validity = try X509Certificate.next(&fields, DERReader.Tag.sequence, .tlsCertificateInvalidValidity)
        (notBefore, notAfter) = try X509Certificate.times(validity)
        let subjectName = try X509Certificate.next(&fields, DERReader.Tag.sequence, .tlsCertificateInvalidDER)
        guard let subject = DistinguishedName.text(subjectName) else {
            throw Malformed(event: .tlsCertificateInvalidSubject)
        }
        self.subject = subject
        _ = try X509Certificate.next(&fields, DERReader.Tag.sequence, .tlsCertificateInvalidDER)
        do throws(EndOfBytes) {
            alternativeNames = try X509Certificate.alternativeNames(&fields)
        } catch {
            throw Malformed(event: .tlsInvalidCertificate)
        }
        guard !parts.isAtEnd else { throw Malformed(event: .tlsInvalidCertificate) }
    }

    @_lifetime(copy reader)
    @_lifetime(reader: copy reader)
    private static func next(
        _ reader: inout DERReader, _ tag: UInt8, _ event: AppLayerEvent
    ) throws(Malformed) -> RawSpan {
        do throws(EndOfBytes) {
            return try reader.next(tag)
        } catch {
            switch reader.failure {
            case .endsEarly: throw Malformed(event: .tlsCertificateInvalidLength)
            case .tooLong: throw Malformed(event: .tlsInvalidCertificate)
            case .shape: throw Malformed(event: event)
            }
        }
    }

    /// `[0] INTEGER`; absent in version 1.
    @_lifetime(fields: copy fields)
    private static func skipVersion(_ fields: inout DERReader) throws(Malformed) {
        guard fields.nextTag == DERReader.Tag.context(0) else { return }
        let wrapper = try next(&fields, DERReader.Tag.context(0), .tlsCertificateInvalidVersion)
        var inner = DERReader(wrapper)
        _ = try next(&inner, DERReader.Tag.integer, .tlsCertificateInvalidVersion)
    }

    private static func times(_ validity: RawSpan) throws(Malformed) -> (Int64, Int64) {
        var reader = DERReader(validity)
        let first = try? reader.nextTime()
        let second = try? reader.nextTime()
        guard let first, let second else { throw Malformed(event: .tlsCertificateInvalidDate) }
        return (first, second)
    }

    // MARK: extensions

    @_lifetime(fields: copy fields)
    private static func alternativeNames(_ fields: inout DERReader) throws(EndOfBytes) -> [[UInt8]] {
        while let tag = fields.nextTag {
            guard tag == DERReader.Tag.context(3) else {
                _ = try fields.next(tag)
                continue
            }
            var wrapper = DERReader(try fields.next(tag))
            var list = DERReader(try wrapper.next(DERReader.Tag.sequence))
            while !list.isAtEnd {
                var entry = DERReader(try list.next(DERReader.Tag.sequence))
                let identifier = try entry.next(DERReader.Tag.objectIdentifier)
                if entry.nextTag == DERReader.Tag.boolean { _ = try entry.next(DERReader.Tag.boolean) }
                let content = try entry.next(DERReader.Tag.octetString)
                // 2.5.29.17
                if identifier.copied() == [0x55, 0x1d, 0x11] { return names(content) }
            }
        }
        return []
    }

    /// `[1]` mail address, `[2]` host name, `[6]` URI. A list that ends in the middle counts as far as it goes.
    private static func names(_ content: RawSpan) -> [[UInt8]] {
        var names: [[UInt8]] = []
        var outer = DERReader(content)
        guard let inner = try? outer.next(DERReader.Tag.sequence) else { return [] }
        var list = DERReader(inner)
        while let tag = list.nextTag, names.count < maximumNames {
            guard let value = try? list.next(tag) else { break }
            if [0x81, 0x82, 0x86].contains(tag) { names.append(value.copied()) }
        }
        return names
    }
}

/// Bytes as hexadecimal digits with colons between: `1f:8b`.
enum ColonHexadecimal {
    static func text(_ bytes: some Collection<UInt8>, uppercase: Bool) -> [UInt8] {
        let digits = Array((uppercase ? "0123456789ABCDEF" : "0123456789abcdef").utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 3)
        for byte in bytes {
            if !text.isEmpty { text.append(UInt8(ascii: ":")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }
}
