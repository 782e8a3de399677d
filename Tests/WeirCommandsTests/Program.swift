import Foundation
import LiveSupport

/// The program under test, built beside the tests.
enum Program {
    static let path: String = {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let beside = tests.deletingLastPathComponent().appendingPathComponent("weir").path
        if FileManager.default.isExecutableFile(atPath: beside) { return beside }
        let own = Bundle.main.bundleURL.appendingPathComponent("weir").path
        return FileManager.default.isExecutableFile(atPath: own) ? own : repository + "/.build/debug/weir"
    }()

    /// Runs a command of the program to its end.
    static func weir(_ words: String..., input: String = "") throws -> CommandResult {
        try run([path] + words, input: input)
    }
}

/// A folder that is gone at the end.
final class Folder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("weir-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file into the folder; its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    func read(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }

    /// The JSON lines of a file.
    func records(_ name: String) throws -> [[String: Any]] {
        try read(name).split(separator: "\n").compactMap { line in
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        }
    }
}
