import Detection
import EventLog
import NetTypes

/// The report of one replay: a table on a terminal, or one JSON object.
struct ReplayReport {
    /// Rows of the table; the rest is counted.
    static let maximumRows = 40

    let capture: String
    let counters: Counters
    let summary: ReplaySummary
    var comparison: ReplayComparison?

    // MARK: text

    var text: String {
        var lines = [Terminal.styled(capture, .bold)]
        lines.append(
            "  \(counters.packets) packets, \(counters.bytes) bytes, \(summary.flowCount) flows, \(counters.alerts) alerts"
        )
        lines.append(
            "  " + Terminal.styled("accepted \(counters.accepted)", .green) + "  "
                + Terminal.styled("dropped \(counters.blocked)", .red) + "  "
                + Terminal.styled("rejected \(counters.rejected)", .yellow) + reasons)
        lines += table
        lines += compared
        return lines.joined(separator: "\n")
    }

    private var reasons: String {
        let parts = DropReason.allCases.compactMap { reason -> String? in
            let count = counters.dropReasons[Int(reason.rawValue)]
            return count > 0 ? "\(reason.name) \(count)" : nil
        }
        return parts.isEmpty ? "" : "  (\(parts.joined(separator: ", ")))"
    }

    /// What Suricata and AWS would decide otherwise.
    private var compared: [String] {
        guard let comparison else { return [] }
        guard comparison.packets > 0 else {
            return ["", "  Suricata and AWS would decide the same on every packet"]
        }
        let flows = comparison.differences
        var lines = ["", "  Suricata and AWS would decide otherwise on \(comparison.packets) packets:"]
        for found in flows.prefix(ReplayReport.maximumRows) {
            let ends = found.tuple.map {
                endpoint($0.source, $0.sourcePort, $0.ipProtocol) + " > "
                    + endpoint($0.destination, $0.destinationPort, $0.ipProtocol)
            }
            let more = found.count > 1 ? " and \(found.count - 1) more" : ""
            lines.append("  packet \(found.packet)\(more)  \(ends ?? "no IP header")")
            lines.append("      here \(found.here), there \(found.there)")
            lines.append("      \(found.why)")
        }
        if flows.count > ReplayReport.maximumRows {
            lines.append("  ... and \(flows.count - ReplayReport.maximumRows) more flows")
        }
        return lines
    }

    private var table: [String] {
        guard !summary.entries.isEmpty else { return [] }
        let shown = summary.entries.prefix(ReplayReport.maximumRows)
        let rows = shown.map { entry in
            [
                endpoint(entry.tuple.source, entry.tuple.sourcePort, entry.tuple.ipProtocol),
                endpoint(entry.tuple.destination, entry.tuple.destinationPort, entry.tuple.ipProtocol),
                entry.appProtocol.isEmpty ? entry.tuple.ipProtocol.description.lowercased() : entry.appProtocol,
                entry.names.joined(separator: " "), "\(entry.packets)", entry.verdict, entry.rule,
            ]
        }
        let titles = ["client", "server", "protocol", "name", "packets", "flow", "decided by"]
        let widths = titles.indices.map { column in
            min(48, ([titles[column]] + rows.map { $0[column] }).map(\.count).max() ?? 0)
        }
        func line(_ cells: [String]) -> String {
            "  "
                + cells.enumerated().map { column, cell in
                    let shown = printable(cell)
                    let cut = shown.count > widths[column] ? String(shown.prefix(widths[column] - 1)) + "…" : shown
                    let padded = cut + String(repeating: " ", count: widths[column] - cut.count)
                    return column == 5 ? colored(padded, cell) : padded
                }.joined(separator: "  ")
        }
        var lines = ["", Terminal.styled(line(titles), .dim)] + rows.map(line)
        if summary.flowCount > shown.count { lines.append("  ... and \(summary.flowCount - shown.count) more flows") }
        return lines
    }

    /// Names come from peers: no control character reaches the terminal.
    private func printable(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 32 || (127...159).contains($0.value) ? "?" : Character($0) })
    }

    private func colored(_ text: String, _ verdict: String) -> String {
        switch verdict {
        case "passed": Terminal.styled(text, .green)
        case "dropped": Terminal.styled(text, .red)
        default: text
        }
    }

    private func endpoint(_ address: IPAddress, _ port: UInt16, _ ipProtocol: IPProtocol) -> String {
        guard ipProtocol.hasPorts else { return address.description }
        return address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    // MARK: JSON

    var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("capture", capture)
        writer.member("packets", counters.packets)
        writer.member("bytes", counters.bytes)
        writer.member("flows", summary.flowCount)
        writer.member("alerts", counters.alerts)
        writer.member("accepted", counters.accepted)
        writer.member("dropped", counters.blocked)
        writer.member("rejected", counters.rejected)
        writer.beginObject("drop_reasons")
        for reason in DropReason.allCases where counters.dropReasons[Int(reason.rawValue)] > 0 {
            writer.member(key: reason.counterName, counters.dropReasons[Int(reason.rawValue)])
        }
        writer.endObject()
        writer.beginArray("flow_list")
        for entry in summary.entries {
            writer.beginObject()
            writer.member("src_ip", entry.tuple.source.description)
            writer.member("src_port", entry.tuple.sourcePort)
            writer.member("dest_ip", entry.tuple.destination.description)
            writer.member("dest_port", entry.tuple.destinationPort)
            writer.member("proto", entry.tuple.ipProtocol.description)
            if !entry.appProtocol.isEmpty { writer.member("app_proto", entry.appProtocol) }
            writer.beginArray("names")
            for name in entry.names { writer.element(name) }
            writer.endArray()
            writer.member("packets", entry.packets)
            writer.member("bytes", entry.bytes)
            writer.member("verdict", entry.verdict)
            if !entry.rule.isEmpty { writer.member("decided_by", entry.rule) }
            writer.endObject()
        }
        writer.endArray()
        if let comparison { write(comparison, to: &writer) }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(_ comparison: ReplayComparison, to writer: inout JSONWriter) {
        writer.member("differing_packets", comparison.packets)
        writer.beginArray("differences")
        for found in comparison.differences {
            writer.beginObject()
            writer.member("packet", found.packet)
            writer.member("packets", found.count)
            if let tuple = found.tuple {
                writer.member("src_ip", tuple.source.description)
                writer.member("src_port", tuple.sourcePort)
                writer.member("dest_ip", tuple.destination.description)
                writer.member("dest_port", tuple.destinationPort)
                writer.member("proto", tuple.ipProtocol.description)
            }
            writer.member("here", found.here)
            writer.member("there", found.there)
            writer.member("why", found.why)
            writer.endObject()
        }
        writer.endArray()
    }
}
