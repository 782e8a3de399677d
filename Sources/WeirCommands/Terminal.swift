import Glibc
import RuleLanguage

/// Standard output and error, and whether they take colour.
enum Terminal {
    enum Style: String {
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
        case bold = "1"
        case dim = "2"
    }

    /// NO_COLOR (no-color.org) switches colour off.
    static let outputHasColor = isatty(STDOUT_FILENO) == 1 && !refusesColor
    static let errorHasColor = isatty(STDERR_FILENO) == 1 && !refusesColor
    private static let refusesColor = unsafe getenv("NO_COLOR") != nil

    static func styled(_ text: String, _ style: Style, color: Bool = outputHasColor) -> String {
        color ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
    }

    static func printError(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    static func writeError(_ text: String) { write(text, to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }

    static func report(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics {
            let text = diagnostic.description
            guard errorHasColor else {
                printError(text)
                continue
            }
            let word = diagnostic.severity.rawValue + ":"
            let style: Style = diagnostic.severity == .error ? .red : .yellow
            printError(text.replacingFirst(word, with: styled(word, style, color: true)))
        }
    }
}

extension String {
    func replacingFirst(_ text: String, with other: String) -> String {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(text) {
                return String(self[..<index]) + other + self[self.index(index, offsetBy: text.count)...]
            }
            index = self.index(after: index)
        }
        return self
    }
}
