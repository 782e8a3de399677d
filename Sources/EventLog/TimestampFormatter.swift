import NetTypes

/// `2026-01-01T00:00:00.000000+0000`, always UTC. The last second's text is kept: most records share it.
struct TimestampFormatter {
    private var second = Int64.min
    private var prefix: [UInt8] = []

    mutating func text(_ time: Timestamp) -> [UInt8] {
        let second = time.seconds
        if second != self.second {
            self.second = second
            prefix = TimestampFormatter.prefix(second)
        }
        var micros = time.microseconds &- second &* 1_000_000
        var digits: [UInt8] = []
        for _ in 0..<6 {
            digits.append(UInt8(truncatingIfNeeded: 48 + micros % 10))
            micros /= 10
        }
        return prefix + digits.reversed() + Array("+0000".utf8)
    }

    /// Civil date from days since 1970 (proleptic Gregorian calendar, era arithmetic over 400 years).
    private static func prefix(_ second: Int64) -> [UInt8] {
        let days = second >= 0 ? second / 86_400 : -((86_399 - second) / 86_400)
        let rest = second - days * 86_400
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let padded = String(repeating: "0", count: max(0, 4 - String(year).count)) + String(year)
        return Array(
            "\(padded)-\(two(month))-\(two(day))T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)).".utf8)
    }
}
