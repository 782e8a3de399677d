import Foundation
import RuleLanguage

/// Text from a disk. With `GroupFinder`, which lists a folder, the only place in this module that touches one.
enum TextFile {
    /// In bytes. The largest public rule sets have 30 MB.
    static let maximumSize = 64 << 20

    static func text(of path: String) throws(Diagnostic) -> String {
        func problem(_ message: String, line: Int = 1, column: Int = 1) -> Diagnostic {
            Diagnostic(at: SourceLocation(file: path, line: line, column: column), message)
        }
        guard FileManager.default.fileExists(atPath: path) else { throw problem("there is no such file") }
        guard let handle = FileHandle(forReadingAtPath: path) else { throw problem("the file cannot be opened") }
        defer { try? handle.close() }
        let data: Data
        do {
            data = try handle.read(upToCount: maximumSize + 1) ?? Data()
        } catch {
            throw problem("the file cannot be read: \(error.localizedDescription)")
        }
        guard data.count <= maximumSize else { throw problem("the file has more than \(maximumSize) bytes") }
        guard let text = String(validating: data, as: UTF8.self) else {
            // Everything up to the first bad byte is the same when it is repaired.
            let repaired = String(decoding: data, as: UTF8.self)
            let good = repaired.unicodeScalars.prefix { $0 != "\u{FFFD}" }
            let line = good.count { $0 == "\n" } + 1
            let column = good.reversed().prefix { $0 != "\n" }.count + 1
            throw problem("the file is not UTF-8 text", line: line, column: column)
        }
        return text
    }

    /// `rules/egress.rules` -> `egress`
    static func baseName(_ path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        guard let dot = file.lastIndex(of: "."), dot > file.startIndex else { return String(file) }
        return String(file[..<dot])
    }
}
