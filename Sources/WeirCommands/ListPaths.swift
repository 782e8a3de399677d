/// Where the lists and tables lie that rules refer to.
struct ListPaths {
    var thresholds: String?
    var classifications: String?
    var references: String?
    var reputationCategories: String?
    var reputations: [String] = []
    /// Where `state` and `save` of `dataset` write, and where files to load are looked for behind the rules' own folder.
    var datasetFolder = "."
    /// Rules may name files to save to.
    var savesDatasets = true
}

extension ConfigurationKey {
    static let ofLists: [ConfigurationKey] = [
        path("rules.threshold-file", "Suppressions, event filters and rate filters for rules (threshold.config).") {
            $0.lists.thresholds = $1
        },
        path("rules.classification-file", "Classes of events that rules name (classification.config).") {
            $0.lists.classifications = $1
        },
        path("rules.reference-file", "Reference systems that rules name (reference.config).") {
            $0.lists.references = $1
        },
        number("rules.packet-alert-max", 0...255, "Most alerts of one packet, 0 for 15; a drop counts even beyond.") {
            $0.packetAlertMaximum = $1 == 0 ? nil : $1
        },
        path("reputation-categories-file", "Categories of iprep rules: number,name,description.") {
            $0.lists.reputationCategories = $1
        },
        ConfigurationKey(
            name: "reputation-files", form: "[FILE,...]",
            summary: "Reputations of addresses and networks for iprep rules: address,category,value."
        ) {
            let list = $1.hasPrefix("[") && $1.hasSuffix("]") ? String($1.dropFirst().dropLast()) : $1
            $0.lists.reputations = list.split(separator: ",").map { String($0.trimmingPrefix { $0 == " " }) }
        },
        path("datasets.directory", "Folder that dataset rules save to, and load from behind their own.") {
            $0.lists.datasetFolder = $1
        },
        flag("datasets.allow-write", "Whether rules may save what they have gathered in datasets.") {
            $0.lists.savesDatasets = $1
        },
    ]

    private static func path(
        _ name: String, _ summary: String, _ set: @escaping @Sendable (inout Configuration, String) -> Void
    ) -> ConfigurationKey {
        ConfigurationKey(name: name, form: "FILE", summary: summary) { set(&$0, $1) }
    }
}
