import NetTypes

/// The request target as rules see it: what a server would look up.
public enum HTTPTarget {
    /// Percent-decoded, dot segments folded (RFC 3986 section 5.2.4), query kept, without scheme and authority.
    public static func normalized(_ target: ArraySlice<UInt8>) -> [UInt8] {
        var path = target
        if let start = pathStart(target) { path = target[start...] }
        let question = path.firstIndex(of: UInt8(ascii: "?"))
        let decoded = folded(percentDecoded(path[..<(question ?? path.endIndex)]))
        guard let question else { return decoded }
        return decoded + percentDecoded(path[question...])
    }

    /// Behind `scheme://authority`; nil for another form.
    private static func pathStart(_ target: ArraySlice<UInt8>) -> Int? {
        guard let colon = target.firstIndex(of: UInt8(ascii: ":")), target[colon...].starts(with: Array("://".utf8)),
            colon > target.startIndex, target[target.startIndex..<colon].allSatisfy({ $0.isLetter })
        else { return nil }
        let authority = target.index(colon, offsetBy: 3)
        return target[authority...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? target.endIndex
    }

    private static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.endIndex,
                let high = bytes[index + 1].hexadecimalDigitValue, let low = bytes[index + 2].hexadecimalDigitValue
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    private static func folded(_ path: [UInt8]) -> [UInt8] {
        guard path.first == UInt8(ascii: "/") else { return path }
        let slash = UInt8(ascii: "/")
        var segments: [ArraySlice<UInt8>] = []
        let parts = path.dropFirst().split(separator: slash, omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            if part.elementsEqual([46]) {
                if isLast { segments.append([]) }
            } else if part.elementsEqual([46, 46]) {
                if !segments.isEmpty { segments.removeLast() }
                if isLast { segments.append([]) }
            } else {
                segments.append(part)
            }
        }
        return [slash] + Array(segments.joined(separator: [slash]))
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (97...122).contains(lowercased) }
}
