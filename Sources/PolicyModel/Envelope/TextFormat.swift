import RuleLanguage

/// What a text is, by the end of its file's name and else by its first line that counts.
enum TextFormat: Hashable {
    /// JSON or YAML.
    case document
    /// Suricata rules.
    case rules
    case plainList

    init(of text: String, file: String) {
        let name = file.lowercased()
        if name.hasSuffix(".rules") {
            self = .rules
        } else if [".json", ".yaml", ".yml"].contains(where: name.hasSuffix) {
            self = .document
        } else {
            self = TextFormat.guessed(text)
        }
    }

    private static func guessed(_ text: String) -> TextFormat {
        if DocumentReader.looksLikeJSON(text) { return .document }
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        for (_, line) in numberedLines(of: text) {
            let words = line.split(maxSplits: 2, whereSeparator: isSpace)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            if first == "---" || first.hasPrefix("%") || first.hasSuffix(":") { return .document }
            let isAlone = words.count == 1 || words[1].hasPrefix("#")
            return isAlone && RuleAction(rawValue: first.lowercased()) == nil ? .plainList : .rules
        }
        return .rules
    }
}
