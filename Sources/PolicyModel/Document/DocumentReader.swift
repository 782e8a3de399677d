import RuleLanguage
import Yams

/// Reads one JSON or YAML document into nodes with places.
///
/// JSON is read as YAML, which gives line and column for both; a document that begins with `{` or `[` counts as JSON.
/// Refused beyond what YAML refuses: keys written twice, keys that are no plain words, anchors, aliases, tags, a second
/// document, and whatever passes the caps below.
public struct DocumentReader: Sendable {
    /// In bytes. Eight times the longest `RulesString`; of tiny values libyaml makes a hundred times as much.
    public static let maximumSize = 16 << 20
    /// Nested lists and objects. The deepest AWS document has 11, and a cap bounds the recursion over the nodes.
    public static let maximumDepth = 64
    /// Values. 30,000 five-tuples, the most a rule group may have, have less than a million.
    public static let maximumNodes = 2_000_000
    /// Characters of a JSON path. The longest of an AWS document has 150; every node carries its own.
    public static let maximumPathLength = 512

    let file: String

    public init(file: String) { self.file = file }

    public func read(_ text: String) throws(Diagnostic) -> DocumentNode {
        let text = withoutByteOrderMark(text)
        guard text.utf8.count <= DocumentReader.maximumSize else {
            throw problem(
                1, 1, "the document has \(text.utf8.count) bytes, at most \(DocumentReader.maximumSize) are read")
        }
        let isJSON = DocumentReader.looksLikeJSON(text)
        let source = isJSON ? SurrogatePairs.translated(text) : text
        guard let mask = IndicatorMask(source) else {
            throw problem(1, 1, "the document uses every character of the private use area")
        }
        var builder = NodeBuilder(file: file, isJSON: isJSON, mask: mask)
        do {
            // The parser is used directly, and not `Yams.compose`, for its resolver: the default one matches a dozen
            // regular expressions against every scalar.
            guard let root = try Yams.Parser(yaml: mask.text, resolver: .basic, encoding: .utf8).singleRoot() else {
                throw problem(1, 1, "the document is empty")
            }
            return try builder.node(root, path: "", depth: 0)
        } catch let error as Diagnostic {
            throw error
        } catch let error as YamlError {
            throw SyntaxErrorReader(file: file, mask: mask).diagnostic(error)
        } catch {
            throw problem(1, 1, "the document cannot be read: \(error)")
        }
    }

    static func looksLikeJSON(_ text: String) -> Bool {
        guard let first = text.utf8.first(where: { !" \t\r\n".utf8.contains($0) }) else { return false }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    private func problem(_ line: Int, _ column: Int, _ message: String) -> Diagnostic {
        Diagnostic(at: SourceLocation(file: file, line: line, column: column), message)
    }
}

func withoutByteOrderMark(_ text: String) -> String {
    text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
}

/// Turns the nodes of Yams into ours.
private struct NodeBuilder {
    let file: String
    let isJSON: Bool
    let mask: IndicatorMask
    private var count = 0

    /// Tags that say no more than the value itself does.
    private static let plainTags: Set<String> = Set(
        [Yams.Tag.Name.implicit, .nonSpecific, .str, .seq, .map].map(\.rawValue))

    init(file: String, isJSON: Bool, mask: IndicatorMask) {
        self.file = file
        self.isJSON = isJSON
        self.mask = mask
    }

    mutating func node(_ node: Yams.Node, path: String, depth: Int) throws(Diagnostic) -> DocumentNode {
        let location = self.location(node, path)
        count += 1
        guard count <= DocumentReader.maximumNodes else {
            throw Diagnostic(at: location, "the document has more than \(DocumentReader.maximumNodes) values")
        }
        guard depth <= DocumentReader.maximumDepth else {
            throw Diagnostic(at: location, "nested deeper than \(DocumentReader.maximumDepth) levels")
        }
        guard path.utf8.count <= DocumentReader.maximumPathLength else {
            throw Diagnostic(
                at: self.location(node, ""),
                "the keys that lead here have more than \(DocumentReader.maximumPathLength) characters")
        }
        switch node {
        case .scalar(let scalar):
            return try self.scalar(scalar, at: location)
        case .sequence(let sequence):
            try check(tag: sequence.tag, at: location)
            var items: [DocumentNode] = []
            for (index, item) in sequence.enumerated() {
                items.append(try self.node(item, path: "\(path)[\(index)]", depth: depth + 1))
            }
            return DocumentNode(.list(items), at: location)
        case .mapping(let mapping):
            try check(tag: mapping.tag, at: location)
            var entries: [DocumentNode.Entry] = []
            for (key, value) in mapping {
                let text = try self.key(key, path: path)
                let valuePath = path.isEmpty ? text : "\(path).\(text)"
                entries.append(
                    DocumentNode.Entry(
                        key: text, keyLocation: self.location(key, valuePath),
                        value: try self.node(value, path: valuePath, depth: depth + 1)))
            }
            return DocumentNode(.object(entries), at: location)
        case .alias:
            throw Diagnostic(at: location, "aliases are not read here", hint: "write the value out")
        }
    }

    private func scalar(_ scalar: Yams.Node.Scalar, at location: SourceLocation) throws(Diagnostic) -> DocumentNode {
        try check(tag: scalar.tag, at: location)
        guard scalar.style == .plain else {
            // A literal block's text begins on the line behind the one of the `|`.
            let firstLine = scalar.style == .literal ? location.line + 1 : nil
            return DocumentNode(.string(mask.unmasked(scalar.string)), at: location, firstTextLine: firstLine)
        }
        if let indicator = mask.indicator(of: scalar.string) {
            let what = indicator == "*" ? "aliases (*name)" : "anchors (&name)"
            throw Diagnostic(
                at: location, "\(what) are not read here",
                hint: "write the value out; a string that begins with '\(indicator)' needs quotes")
        }
        let text = mask.unmasked(scalar.string)
        if ["", "~", "null", "Null", "NULL"].contains(text) { return DocumentNode(.null, at: location) }
        let isLiteral = isJSON && (text == "true" || text == "false" || Double(text) != nil)
        return DocumentNode(isLiteral ? .literal(text) : .plain(text), at: location)
    }

    private func key(_ node: Yams.Node, path: String) throws(Diagnostic) -> String {
        let location = self.location(node, path)
        guard case .scalar(let scalar) = node, let text = try self.scalar(scalar, at: location).text else {
            throw Diagnostic(at: location, "expected a word as the key of an object")
        }
        return text
    }

    private func check(tag: Yams.Tag, at location: SourceLocation) throws(Diagnostic) {
        guard !NodeBuilder.plainTags.contains(tag.description) else { return }
        throw Diagnostic(
            at: location, "the tag \(shown(tag.description)) is not read here", hint: "write the plain value")
    }

    private func location(_ node: Yams.Node, _ path: String) -> SourceLocation {
        SourceLocation(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, path: path)
    }
}
