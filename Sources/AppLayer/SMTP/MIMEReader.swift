/// Finds the attachments of a mail (RFC 2045, RFC 2046) and decodes them. Works on a mail that is complete and capped.
struct MIMEReader {
    /// Nesting of parts, and attachments of one mail: honest mails have two levels and a handful.
    static let maximumDepth = 8
    static let maximumAttachments = 64

    private(set) var attachments: [[UInt8]] = []

    /// - Parameter mail: lines end with LF.
    init(_ mail: [UInt8]) { read(mail[...], depth: 0) }

    private mutating func read(_ entity: ArraySlice<UInt8>, depth: Int) {
        guard depth < MIMEReader.maximumDepth, attachments.count < MIMEReader.maximumAttachments else { return }
        let (header, body) = MIMEHeader.read(entity)
        if let boundary = header.parameter("boundary", of: "content-type"),
            header.value("content-type").hasPrefix("multipart/")
        {
            for part in MIMEReader.parts(of: body, boundary: Array(boundary.utf8)) { read(part, depth: depth + 1) }
            return
        }
        let name =
            header.parameter("filename", of: "content-disposition") ?? header.parameter("name", of: "content-type")
        guard name != nil else { return }
        switch header.value("content-transfer-encoding") {
        case "base64": attachments.append(MIMEReader.base64(body))
        case "quoted-printable": attachments.append(MIMEReader.quotedPrintable(body))
        default: attachments.append(Array(body))
        }
    }

    /// What stands between the boundary's lines; the line end before a boundary belongs to it.
    private static func parts(of body: ArraySlice<UInt8>, boundary: [UInt8]) -> [ArraySlice<UInt8>] {
        let mark = [45, 45] + boundary
        var parts: [ArraySlice<UInt8>] = []
        var start: Int?
        var position = body.startIndex
        while position < body.endIndex {
            let end = body[position...].firstIndex(of: 10) ?? body.endIndex
            if body[position..<end].starts(with: mark) {
                if let start { parts.append(body[start..<max(start, position - 1)]) }
                let isClosing = body[position..<end].dropFirst(mark.count).starts(with: [45, 45])
                if isClosing { return parts }
                start = min(end + 1, body.endIndex)
            }
            position = end + 1
        }
        // Cut short: the last part counts as far as it goes.
        if let start { parts.append(body[start...]) }
        return parts
    }

    // MARK: encodings

    /// Letters that are none are passed over, as readers do.
    static func base64(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for letter in text {
            let value: UInt8
            switch letter {
            case 65...90: value = letter - 65
            case 97...122: value = letter - 71
            case 48...57: value = letter + 4
            case 43: value = 62
            case 47: value = 63
            default: continue
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }

    static func quotedPrintable(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                bytes.append(byte)
                continue
            }
            if rest.first == 10 {
                rest = rest.dropFirst()
            } else if let high = rest.first?.hexadecimalValue, let low = rest.dropFirst().first?.hexadecimalValue {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}

/// The fields of a part's head that matter, names in lower case, folded lines joined.
private struct MIMEHeader {
    private var fields: [String: String] = [:]

    /// Fields looked at in one head.
    static let maximumFields = 256

    static func read(_ entity: ArraySlice<UInt8>) -> (MIMEHeader, body: ArraySlice<UInt8>) {
        var header = MIMEHeader()
        var position = entity.startIndex
        var name = ""
        var count = 0
        while position < entity.endIndex {
            let end = entity[position...].firstIndex(of: 10) ?? entity.endIndex
            let line = entity[position..<end]
            position = min(end + 1, entity.endIndex)
            guard let first = line.first else { break }
            count += 1
            guard count <= maximumFields else { continue }
            if first == 32 || first == 9 {
                header.fields[name]?.append(" " + String(decoding: line.drop { $0 == 32 || $0 == 9 }, as: UTF8.self))
            } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
                name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
                let value = line[(colon + 1)...].drop { $0 == 32 || $0 == 9 }
                if header.fields[name] == nil { header.fields[name] = String(decoding: value, as: UTF8.self) }
            }
        }
        return (header, entity[position...])
    }

    /// What stands before the first parameter, in lower case.
    func value(_ field: String) -> String {
        let value = fields[field]?.split(separator: ";", maxSplits: 1).first ?? ""
        return value.filter { $0 != " " && $0 != "\t" }.lowercased()
    }

    func parameter(_ wanted: String, of field: String) -> String? {
        guard let text = fields[field] else { return nil }
        for part in text.split(separator: ";").dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { continue }
            var name = pair[0].filter { $0 != " " && $0 != "\t" }.lowercased()
            // RFC 2231: name*, name*0.
            if let star = name.firstIndex(of: "*") { name = String(name[..<star]) }
            guard name == wanted else { continue }
            let value = pair[1].drop { $0 == " " }
            if value.first == "\"" { return String(value.dropFirst().prefix { $0 != "\"" }) }
            return String(value.prefix { $0 != " " })
        }
        return nil
    }
}

extension UInt8 {
    fileprivate var hexadecimalValue: UInt8? {
        switch self {
        case 48...57: self - 48
        case 65...70: self - 55
        case 97...102: self - 87
        default: nil
        }
    }
}
