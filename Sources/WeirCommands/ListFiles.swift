import Detection
import Foundation
import RuleLanguage

/// Reads the lists and tables that rules refer to, with every problem.
struct ListFiles {
    /// Longest file that is read: lists of some ten million entries.
    static let maximumBytes = 1 << 28

    private(set) var problems: [Diagnostic] = []
    /// Lines of long lists that say nothing: with `--skip-bad-rules` the rest of the list serves.
    private(set) var lineProblems: [Diagnostic] = []

    /// Puts what the files hold into the options of the compiler.
    /// - Parameter scope: what `$NAME` stands for in them.
    mutating func read(_ paths: ListPaths, scope: VariableScope, into options: inout CompileOptions) {
        if let path = paths.classifications, let text = text(path, "rules.classification-file") {
            let (table, problems) = ConfigurationLines.classifications(text, file: path)
            options.classifications = table
            self.problems += problems
        }
        if let path = paths.references, let text = text(path, "rules.reference-file") {
            let (names, problems) = ConfigurationLines.references(text, file: path)
            options.references = names
            self.problems += problems
        }
        if let path = paths.reputationCategories, let text = text(path, "reputation-categories-file") {
            problems += options.reputations.readCategories(text, file: path)
        }
        for path in paths.reputations {
            guard let text = text(path, "reputation-files") else { continue }
            lineProblems += options.reputations.readReputations(text, file: path)
        }
        if let path = paths.thresholds, let text = text(path, "rules.threshold-file") {
            let file = ThresholdFile(text, file: path, scope: scope)
            options.thresholds = file
            problems += file.problems
        }
    }

    /// How rules' data sets find their files: beside the rules, else in the folder for data sets, which `state` files
    /// always lie in.
    static func datasets(_ paths: ListPaths) -> DatasetFiles {
        DatasetFiles(allowsWriting: paths.savesDatasets) { path, ruleFile, isState throws(DatasetFiles.Problem) in
            let beside = (ruleFile as NSString).deletingLastPathComponent
            let folders = isState ? [paths.datasetFolder] : [beside.isEmpty ? "." : beside, paths.datasetFolder]
            let candidates = path.hasPrefix("/") ? [path] : folders.map { $0 + "/" + path }
            guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
                return nil
            }
            do throws(FileProblem) {
                return String(decoding: try bytes(found), as: UTF8.self)
            } catch {
                throw DatasetFiles.Problem(error.message)
            }
        }
    }

    /// Writes what data sets hold to where rules want it, each file at once or not at all.
    /// - Returns: what could not be written.
    static func save(_ state: HostState, in folder: String) -> [String] {
        state.datasetsToSave.compactMap { dataset in
            guard let path = dataset.savePath else { return nil }
            do {
                try Data(dataset.fileText).write(to: URL(fileURLWithPath: folder + "/" + path), options: .atomic)
                return nil
            } catch {
                return "\(folder)/\(path): \(error.localizedDescription)"
            }
        }
    }

    private mutating func text(_ path: String, _ option: String) -> String? {
        do throws(FileProblem) {
            return String(decoding: try ListFiles.bytes(path), as: UTF8.self)
        } catch {
            problems.append(
                Diagnostic(
                    at: SourceLocation(file: path, line: 1, column: 1), "\(option): \(error.message)"))
            return nil
        }
    }

    struct FileProblem: Error {
        let message: String
    }

    static func bytes(_ path: String) throws(FileProblem) -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw FileProblem(message: "cannot be read")
        }
        defer { try? file.close() }
        do {
            let data = try file.read(upToCount: maximumBytes + 1) ?? Data()
            if data.count <= maximumBytes { return Array(data) }
        } catch {
            throw FileProblem(message: "cannot be read: \(error.localizedDescription)")
        }
        throw FileProblem(message: "is longer than \(maximumBytes) bytes")
    }
}
