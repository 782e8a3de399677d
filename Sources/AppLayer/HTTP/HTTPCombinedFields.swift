import NetTypes

/// The fields of a message, those of one name combined to one as their order allows (RFC 9110 section 5.3): at the place
/// of the first and with its spelling of the name, values joined by a comma and a blank. Content-Length is no list:
/// its first value stands.
public struct HTTPCombinedFields: Sendable {
    public struct Entry: Sendable {
        public var name: [UInt8]
        public var value: [UInt8]

        /// - Parameter other: in lower case.
        public func isNamed(_ other: StaticString) -> Bool { HTTPMessage.equals(name[...], other) }
    }

    public private(set) var entries: [Entry] = []
    private var places: [[UInt8]: Int] = [:]
    /// Where the message's fields ended when this was made.
    private(set) var end = 0

    init() {}

    init(_ message: HTTPMessage) {
        end = message.fieldsEnd
        for field in message.fields {
            add(Array(message.head[field.name]), message.unfolded(field))
        }
    }

    private mutating func add(_ name: [UInt8], _ value: [UInt8]) {
        let key = name.map(\.lowercased)
        guard let place = places[key] else {
            places[key] = entries.count
            entries.append(Entry(name: name, value: value))
            return
        }
        guard !entries[place].isNamed("content-length") else { return }
        entries[place].value += [44, 32] + value
    }

    /// The value of a field; nil without one. - Parameter name: in lower case.
    public subscript(name: StaticString) -> [UInt8]? {
        entries.first { $0.isNamed(name) }?.value
    }
}
