/// The name closest to `text`, if it is close enough to be meant: `RulesStrng`, `rules_string`, `Rulestring`.
public func nearestName(to text: String, among names: some Sequence<String>) -> String? {
    let wanted = simplified(text)
    // Longer than any name known here, and the distance takes time in both lengths.
    guard wanted.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for name in names {
        let distance = editDistance(wanted, simplified(name))
        if let best, (best.distance, best.name) <= (distance, name) { continue }
        best = (name, distance)
    }
    guard let best else { return nil }
    return best.distance <= 1 + wanted.count / 4 ? best.name : nil
}

private func simplified(_ name: String) -> [UInt8] {
    name.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
}

/// Letters to insert, remove or change to turn one word into the other (Levenshtein).
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var previous = Array(0...right.count)
    for (row, letter) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            let changed = previous[column] + (letter == other ? 0 : 1)
            current.append(min(changed, previous[column + 1] + 1, current[column] + 1))
        }
        previous = current
    }
    return previous.last ?? 0
}

extension String {
    /// The text without control characters, which could drive the terminal it is printed on.
    public var printable: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        return String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.properties.generalCategory == .control && $0 != "\n" ? "?" : $0 }))
    }
}
