/// A point in time of a certificate's validity (RFC 5280 section 4.1.2.5), and the calendar that rules and records use:
/// seconds since 1970 in UTC, without leap seconds.
public enum CertificateTime {
    /// Reads `YYMMDDhhmm[ss]` with `Z` or an offset, or with a year of four digits and possibly fractions of a second.
    /// Nil for what is no such time.
    static func seconds(_ text: [UInt8], hasCentury: Bool) -> Int64? {
        var rest = text[...]
        guard var year = number(&rest, digits: hasCentury ? 4 : 2), let month = number(&rest, digits: 2),
            let day = number(&rest, digits: 2), let hour = number(&rest, digits: 2),
            let minute = number(&rest, digits: 2)
        else { return nil }
        // RFC 5280 section 4.1.2.5.1: two digits below 50 are of this century.
        if !hasCentury { year += year < 50 ? 2000 : 1900 }
        let second = number(&rest, digits: 2) ?? 0
        if hasCentury, rest.first == UInt8(ascii: ".") { rest = rest.dropFirst().drop { (48...57).contains($0) } }
        guard let zone = zone(rest), hour < 24, minute < 60, second < 60,
            let days = days(year: year, month: month, day: day)
        else { return nil }
        return days * 86_400 + Int64(hour * 3600 + minute * 60 + second) - zone
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, digits: Int) -> Int? {
        let part = rest.prefix(digits)
        guard part.count == digits, part.allSatisfy({ (48...57).contains($0) }) else { return nil }
        rest = rest.dropFirst(digits)
        return part.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// Seconds that the zone is ahead of UTC.
    private static func zone(_ text: ArraySlice<UInt8>) -> Int64? {
        guard let sign = text.first else { return nil }
        var rest = text.dropFirst()
        if sign == UInt8(ascii: "Z") { return rest.isEmpty ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hours = number(&rest, digits: 2),
            let minutes = number(&rest, digits: 2), rest.isEmpty, hours < 24, minutes < 60
        else { return nil }
        let seconds = Int64(hours * 3600 + minutes * 60)
        return sign == UInt8(ascii: "+") ? seconds : -seconds
    }

    /// Days from 1970-01-01 to a date of the Gregorian calendar; nil for a date that does not exist.
    public static func days(year: Int, month: Int, day: Int) -> Int64? {
        guard (0...9999).contains(year), (1...12).contains(month), day >= 1, day <= length(of: month, year) else {
            return nil
        }
        // Years begin in March, so that the leap day is the last of its year.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    private static func length(of month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// `2026-11-24T12:40:56`, as in records.
    public static func text(_ seconds: Int64) -> String {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let rest = seconds - days * 86_400
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let position = (5 * dayOfYear + 2) / 153
        let month = position < 10 ? position + 3 : position - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfYear - (153 * position + 2) / 5 + 1, 2))"
        return date + "T\(padded(rest / 3600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
