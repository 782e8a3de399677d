import Foundation
import RuleLanguage

/// Finds the files of the rule groups that a policy refers to: by ARN in a given map; else in the policy's folder, as a
/// file of the group's name (`NAME.json`, `.yaml`, `.yml`, `.rules`) or one that holds a request or response for it.
struct GroupFinder {
    /// Files of a folder that are looked into for a name. A policy has 40 groups at most; a folder with thousands of
    /// files is not kept for it.
    static let maximumFiles = 1000

    private let folder: String
    private let groupFiles: [String: PolicyLoader.RuleFile]
    /// Names of files in the folder that can be a group's, sorted.
    private let files: [String]
    /// Files by the `RuleGroupName` inside; nil until it is asked for.
    private var filesByName: [String: [String]]?

    init(policyFile: String, groupFiles: [String: PolicyLoader.RuleFile]) {
        self.groupFiles = groupFiles
        let slash = policyFile.lastIndex(of: "/")
        folder = slash.map { String(policyFile[...$0]) } ?? ""
        let ownName = slash.map { String(policyFile[policyFile.index(after: $0)...]) } ?? policyFile
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        files = all.filter { name in
            name != ownName && !name.hasPrefix(".")
                && [".json", ".yaml", ".yml", ".rules"].contains { name.lowercased().hasSuffix($0) }
        }.sorted()
    }

    /// The file of a group, or what is known when there is none or more than one.
    mutating func find(
        _ arn: ResourceARN, at location: SourceLocation
    ) -> Result<PolicyLoader.RuleFile, Unresolved> {
        if let file = groupFiles[arn.text] { return .success(file) }
        let named = files.filter { TextFile.baseName($0) == arn.name }
        let candidates = Set(named + (filesNamedInside()[arn.name] ?? [])).sorted()
        if candidates.count == 1, let only = candidates.first { return .success(PolicyLoader.RuleFile(folder + only)) }
        return .failure(
            Unresolved(
                reference: PolicyBundle.UnresolvedReference(
                    resourceARN: arn, location: location, candidates: candidates,
                    folder: folder.isEmpty ? "the policy's folder" : folder)))
    }

    struct Unresolved: Error {
        let reference: PolicyBundle.UnresolvedReference
    }

    private mutating func filesNamedInside() -> [String: [String]] {
        if let filesByName { return filesByName }
        var names: [String: [String]] = [:]
        for file in files.filter({ !$0.lowercased().hasSuffix(".rules") }).prefix(GroupFinder.maximumFiles) {
            if let name = GroupFinder.groupName(inside: folder + file) { names[name, default: []].append(file) }
        }
        filesByName = names
        return names
    }

    /// The `RuleGroupName` of a request, response or template resource. A file that cannot be read has none: it may
    /// have nothing to do with the policy.
    private static func groupName(inside path: String) -> String? {
        guard let text = try? TextFile.text(of: path),
            text.contains("RuleGroupName") || text.contains("RuleGroupArn"),
            let root = try? DocumentReader(file: path).read(text)
        else { return nil }
        for node in [root, root["RuleGroupResponse"], root["Properties"]] {
            if let name = node?["RuleGroupName"]?.text { return name }
            if let arn = node?["RuleGroupArn"]?.text.flatMap({ ResourceARN($0) }) { return arn.name }
        }
        return nil
    }
}
