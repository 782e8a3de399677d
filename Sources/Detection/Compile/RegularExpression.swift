import Wire

#if PCRE2
    import CPCRE2
#endif

/// A compiled pattern of the `pcre` keyword (PCRE2, with its JIT where the system allows it). Immutable and shared by all
/// threads; what a search needs to write lies in `RegularExpressionScratch`.
@safe
final class RegularExpression: Sendable {
    struct Problem: Error {
        var message: String
        /// Byte of the pattern.
        var offset: Int
    }

    struct Options: OptionSet, Sendable {
        let rawValue: UInt8
        static let ignoresCase = Options(rawValue: 1)
        static let dotMatchesAll = Options(rawValue: 2)
        static let multiline = Options(rawValue: 4)
        static let extended = Options(rawValue: 8)
        static let anchored = Options(rawValue: 16)
        static let dollarAtEndOnly = Options(rawValue: 32)
        static let ungreedy = Options(rawValue: 64)
    }

    enum Outcome: Equatable {
        case found(Range<Int>)
        case none
        /// The search was given up: the pattern tried too many ways on this subject.
        case limit
    }

    /// Longest pattern, far above what rules have.
    static let maximumLength = 16_384

    #if PCRE2
        private nonisolated(unsafe) let code: OpaquePointer

        init(_ pattern: [UInt8], _ options: Options) throws(Problem) {
            guard pattern.count <= RegularExpression.maximumLength else {
                throw Problem(message: "the pattern is longer than \(RegularExpression.maximumLength) bytes", offset: 0)
            }
            var error: Int32 = 0
            var place = 0
            let flags = RegularExpression.flags(options)
            let compiled = unsafe pattern.withUnsafeBufferPointer { buffer in
                unsafe pcre2_compile_8(buffer.baseAddress, buffer.count, flags, &error, &place, nil)
            }
            guard let compiled = unsafe compiled else {
                throw Problem(message: RegularExpression.text(error), offset: min(place, pattern.count))
            }
            // Without the JIT (no memory that is both writable and executable) the interpreter serves.
            _ = unsafe pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE)
            unsafe code = compiled
        }

        deinit { unsafe pcre2_code_free_8(code) }

        private static func flags(_ options: Options) -> UInt32 {
            let table: [(Options, UInt32)] = [
                (.ignoresCase, PCRE2_CASELESS), (.dotMatchesAll, PCRE2_DOTALL), (.multiline, PCRE2_MULTILINE),
                (.extended, PCRE2_EXTENDED), (.anchored, PCRE2_ANCHORED), (.dollarAtEndOnly, PCRE2_DOLLAR_ENDONLY),
                (.ungreedy, PCRE2_UNGREEDY),
            ]
            return table.reduce(0) { options.contains($1.0) ? $0 | $1.1 : $0 }
        }

        private static func text(_ error: Int32) -> String {
            var buffer = [UInt8](repeating: 0, count: 256)
            let count = unsafe buffer.withUnsafeMutableBufferPointer {
                unsafe pcre2_get_error_message_8(error, $0.baseAddress, $0.count)
            }
            return String(decoding: buffer.prefix(max(0, Int(count))), as: UTF8.self)
        }

        /// Groups of the pattern.
        var groupCount: Int {
            var count: UInt32 = 0
            _ = unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
            return Int(count)
        }

        /// Groups with a name.
        var groupNames: [(name: String, group: Int)] {
            var count: UInt32 = 0
            var size: UInt32 = 0
            var table: UnsafePointer<UInt8>?
            _ = unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &count)
            _ = unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &size)
            _ = unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
            guard let table = unsafe table, count > 0, size > 3 else { return [] }
            // Entries: the group in two bytes, most significant first, then the name and a zero.
            return (0..<Int(count)).map { index in
                let entry = unsafe UnsafeBufferPointer(start: table + index * Int(size), count: Int(size))
                let name = unsafe entry.dropFirst(2).prefix { $0 != 0 }
                return unsafe (String(decoding: name, as: UTF8.self), Int(entry[0]) << 8 | Int(entry[1]))
            }
        }

        /// The first match that begins at `start` or later; places count from the subject's start.
        func search(_ subject: RawSpan, from start: Int, _ scratch: RegularExpressionScratch) -> Outcome {
            guard start >= 0, start <= subject.byteCount else { return .none }
            let status = unsafe subject.withUnsafeBytes { bytes in
                // An empty subject has no address, but may match.
                var nothing: UInt8 = 0
                guard let base = bytes.baseAddress else {
                    return unsafe pcre2_match_8(code, &nothing, 0, 0, 0, scratch.data, scratch.context)
                }
                return unsafe pcre2_match_8(
                    code, base.assumingMemoryBound(to: UInt8.self), bytes.count, start, 0, scratch.data,
                    scratch.context)
            }
            scratch.groups = Int(max(0, status))
            if status == PCRE2_ERROR_NOMATCH { return .none }
            // 0 says that there are more groups than room for their places: the whole match is there.
            guard status >= 0, let places = unsafe pcre2_get_ovector_pointer_8(scratch.data) else { return .limit }
            let (first, last) = unsafe (places[0], places[1])
            // `\K` in a look-around may set the start behind the end.
            return .found(min(first, last)..<last)
        }
    #else
        init(_ pattern: [UInt8], _ options: Options) throws(Problem) {
            throw Problem(message: "pcre is not part of this build (package trait PCRE2)", offset: 0)
        }

        var groupCount: Int { 0 }
        var groupNames: [(name: String, group: Int)] { [] }

        func search(_ subject: RawSpan, from start: Int, _ scratch: RegularExpressionScratch) -> Outcome { .limit }
    #endif
}

/// What one thread's searches write to, with their limits.
@safe
final class RegularExpressionScratch {
    /// Ways a pattern may try from one place of the subject, as Suricata's `pcre.match-limit`; the cost of a search grows
    /// with the subject's length alone.
    static let matchLimit: UInt32 = 3500
    /// Suricata's `pcre.match-limit-recursion`.
    static let depthLimit: UInt32 = 1500

    /// Groups of a pattern whose places are known, the whole match among them.
    static let maximumGroups = 64
    /// Groups of the match made last that may have a place.
    fileprivate(set) var groups = 0

    /// Where a group of the match made last lies in its subject; nil for one that took no part.
    func place(ofGroup group: Int) -> Range<Int>? {
        #if PCRE2
            guard group >= 0, group < groups, group < RegularExpressionScratch.maximumGroups,
                let places = unsafe pcre2_get_ovector_pointer_8(data)
            else { return nil }
            let (first, last) = unsafe (places[2 * group], places[2 * group + 1])
            // A group that took no part has the highest number in both places.
            return first <= last && last < Int.max ? first..<last : nil
        #else
            return nil
        #endif
    }

    #if PCRE2
        let data: OpaquePointer
        let context: OpaquePointer
        private let stack: OpaquePointer?

        init() {
            guard
                let data = unsafe pcre2_match_data_create_8(
                    UInt32(RegularExpressionScratch.maximumGroups), nil),
                let context = unsafe pcre2_match_context_create_8(nil)
            else { fatalError("no memory for regular expressions at start") }
            unsafe self.data = data
            unsafe self.context = context
            unsafe stack = pcre2_jit_stack_create_8(32 << 10, 512 << 10, nil)
            unsafe pcre2_set_match_limit_8(context, RegularExpressionScratch.matchLimit)
            unsafe pcre2_set_depth_limit_8(context, RegularExpressionScratch.depthLimit)
            if let stack = unsafe stack {
                unsafe pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
            }
        }

        /// Where the first group of the match found last lies; nil when it took no part.
        var firstGroup: Range<Int>? {
            guard unsafe pcre2_get_ovector_count_8(data) > 1, let places = unsafe pcre2_get_ovector_pointer_8(data)
            else { return nil }
            let (first, last) = unsafe (places[2], places[3])
            // PCRE2_UNSET is the largest number.
            guard first != ~0, last != ~0, first <= last else { return nil }
            return first..<last
        }

        deinit {
            unsafe pcre2_match_data_free_8(data)
            unsafe pcre2_match_context_free_8(context)
            if let stack = unsafe stack { unsafe pcre2_jit_stack_free_8(stack) }
        }
    #else
        var firstGroup: Range<Int>? { nil }
    #endif
}
