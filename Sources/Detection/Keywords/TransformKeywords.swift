import NetTypes
import RuleLanguage

/// Transforms: keywords between a buffer and what is looked for in it.
enum TransformKeywords {
    static let all: [Keyword] = [
        transform("dotprefix", .dotprefix, "Puts a dot before the buffer: for a domain with its subdomains."),
        transform("strip_whitespace", .stripWhitespace, "Leaves blanks and line ends out of the buffer."),
        transform("compress_whitespace", .compressWhitespace, "Leaves one of several blanks in a row."),
        transform("to_lowercase", .toLowercase, "The buffer in lower case."),
        transform("to_uppercase", .toUppercase, "The buffer in upper case."),
        transform("to_md5", .toMD5, "The buffer's MD5, as bytes."),
        transform("to_sha1", .toSHA1, "The buffer's SHA-1, as bytes."),
        transform("to_sha256", .toSHA256, "The buffer's SHA-256, as bytes."),
        transform("url_decode", .urlDecode, "Undoes percent-encoding, and + for blanks."),
        transform("strip_pseudo_headers", .stripPseudoHeaders, "Leaves out lines that begin with a colon."),
        transform("header_lowercase", .headerLowercase, "Names of header lines in lower case."),
        Keyword(name: "xor", value: .required, summary: "The buffer XOR a key of hexadecimal digits, over and over.") {
            builder, argument throws(RuleProblem) in
            let text = try argument.quoted().text
            let digits = text.utf8.map(\.hexadecimalDigitValue)
            guard !digits.isEmpty, digits.count.isMultiple(of: 2), digits.count <= 510 else {
                throw RuleProblem("xor needs a key of 1 to 255 bytes", hint: "xor:\"0d0ac8ff\";")
            }
            var key: [UInt8] = []
            for index in stride(from: 0, to: digits.count, by: 2) {
                guard let high = digits[index], let low = digits[index + 1] else {
                    throw RuleProblem(
                        "'\(text)' has other characters than hexadecimal digits", hint: "xor:\"0d0ac8ff\";")
                }
                key.append(high << 4 | low)
            }
            try builder.add(.xor(key), argument.option)
        },
        Keyword(
            name: "pcrexform", value: .required,
            summary: "What the one group of a regular expression captures takes the buffer's place."
        ) { builder, argument throws(RuleProblem) in
            let value = try argument.quoted()
            guard value.isQuoted else { throw RuleProblem("pcrexform needs quotes", hint: "pcrexform:\"/get/(.*)\";") }
            let pattern: CapturingPattern
            do throws(RegularExpression.Problem) {
                pattern = try CapturingPattern(String(value.text))
            } catch {
                throw RuleProblem(error.message, offset: value.offset + error.offset)
            }
            guard pattern.groups == 1 else {
                throw RuleProblem(
                    "pcrexform needs exactly one group, this pattern has \(pattern.groups)",
                    hint: "write what is to be kept as (...), and other groups as (?:...)")
            }
            try builder.add(.capture(pattern), argument.option)
        },
    ]

    private static func transform(_ name: String, _ transform: Transform, _ summary: String) -> Keyword {
        Keyword(name: name, value: .none, summary: summary) { builder, argument throws(RuleProblem) in
            try builder.add(transform, argument.option)
        }
    }
}

extension SignatureBuilder {
    /// Transforms that one buffer may have, as in Suricata.
    static let maximumTransforms = 16

    /// Behind conditions a transform begins the buffer anew, for what follows.
    mutating func add(_ transform: Transform, _ option: RuleOption) throws(RuleProblem) {
        guard case .buffer(let index) = target else {
            throw RuleProblem(
                "\(option.name) stands between a buffer and its first content",
                hint: "tls.sni; dotprefix; content:\".example.com\";")
        }
        if buffers[index].conditions.isEmpty {
            guard buffers[index].use.transforms.count < SignatureBuilder.maximumTransforms else {
                throw RuleProblem("a buffer has at most \(SignatureBuilder.maximumTransforms) transforms")
            }
            buffers[index].use.transforms.append(transform)
        } else if buffers[index].use.transforms.isEmpty {
            buffers.append(
                BufferDraft(use: BufferUse(buffer: buffers[index].use.buffer, transforms: [transform]), option: option))
            target = .buffer(buffers.count - 1)
        } else {
            throw RuleProblem(
                "\(option.name) stands behind a content whose buffer has transforms already",
                hint: "name the buffer again, its transforms behind it")
        }
    }
}
