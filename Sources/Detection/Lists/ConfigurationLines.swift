import RuleLanguage

/// The classes and reference systems that rules name, from files in Suricata's form.
///
///     config classification: misc-attack,Misc Attack,2
///     config reference: cve http://cve.mitre.org/cgi-bin/cvename.cgi?name=
public enum ConfigurationLines {
    /// By name in lower case; of a name that stands twice the first counts.
    public static func classifications(
        _ text: String, file: String
    ) -> (table: [String: Classification], problems: [Diagnostic]) {
        var table: [String: Classification] = [:]
        let form = "config classification: name,description,priority"
        let problems = read(text, file: file, kind: "classification", form: form) { line, rest throws(Diagnostic) in
            // A description may hold commas.
            guard let first = rest.firstIndex(of: ","), let last = rest.lastIndex(of: ","), first < last else {
                throw line.problem("a classification has a name, a description and a priority", hint: form, at: rest)
            }
            let name = rest[..<first].trimmed
            let description = rest[rest.index(after: first)..<last].trimmed
            let number = rest[rest.index(after: last)...].trimmed
            try check(name: name, line)
            guard !description.isEmpty else { throw line.problem("the description is empty", hint: form, at: rest) }
            guard number.utf8.allSatisfy({ (48...57).contains($0) }), let priority = UInt16(number) else {
                throw line.problem(
                    "'\(number)' is no priority", hint: "expected a number from 0 to \(UInt16.max)", at: number)
            }
            let key = name.lowercased()
            guard table[key] == nil else { return }
            table[key] = Classification(description: String(description), priority: Int(priority))
        }
        return (table, problems)
    }

    /// Names in lower case.
    public static func references(_ text: String, file: String) -> (names: Set<String>, problems: [Diagnostic]) {
        var names: Set<String> = []
        let form = "config reference: name http://address/"
        let problems = read(text, file: file, kind: "reference", form: form) { line, rest throws(Diagnostic) in
            let name = rest.prefix { !$0.isWhitespace }
            try check(name: name, line)
            guard !rest[name.endIndex...].trimmed.isEmpty else {
                throw line.problem("the reference has no address", hint: form, at: name)
            }
            names.insert(name.lowercased())
        }
        return (names, problems)
    }

    private static func read(
        _ text: String, file: String, kind: String, form: String,
        _ body: (ListText.Line, Substring) throws(Diagnostic) -> Void
    ) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        for line in ListText(file: file, text: text).lines() {
            do throws(Diagnostic) {
                guard let colon = line.text.firstIndex(of: ":"),
                    line.text[..<colon].split(whereSeparator: \.isWhitespace).joined() == "config" + kind
                else { throw line.problem("this is no \(kind)", hint: "expected \(form)") }
                try body(line, line.text[line.text.index(after: colon)...].trimmed)
            } catch {
                problems.append(error)
            }
        }
        return problems
    }

    private static func check(name: Substring, _ line: ListText.Line) throws(Diagnostic) {
        guard let first = name.first, first.isASCII, first.isLetter,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "-" || $0 == "_" })
        else {
            throw line.problem(
                "'\(name)' is no name", hint: "a letter, then letters, digits, '-' and '_'", at: name)
        }
    }
}
