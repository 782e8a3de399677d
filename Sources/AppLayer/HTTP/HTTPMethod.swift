/// Methods that a request line is known by (RFC 9110 section 9, RFC 5789, WebDAV and its relatives).
enum HTTPMethod {
    private static let known: Set<[UInt8]> = Set(
        """
        HEAD GET PUT POST DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK
        VERSION-CONTROL CHECKOUT UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE
        INVALID ERROR
        """.split(whereSeparator: \.isWhitespace).map { Array($0.utf8) })

    static func isKnown(_ word: some Sequence<UInt8>) -> Bool { known.contains(Array(word)) }
}
