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
    /// Places of names in lower case, once there are too many to walk.
    private var places: [[UInt8]: Int] = [:]
    private static let walked = 32
    /// Where the message's fields ended when this was made.
    private(set) var end = 0

    init() {}

    init(_ message: HTTPMessage) {
        end = message.fieldsEnd
        entries.reserveCapacity(min(message.fields.count, HTTPCombinedFields.walked))
        for field in message.fields {
            add(Array(message.head[field.name]), message.unfolded(field))
        }
    }

    private mutating func add(_ name: [UInt8], _ value: [UInt8]) {
        guard let place = place(of: name) else {
            entries.append(Entry(name: name, value: value))
            if entries.count == HTTPCombinedFields.walked {
                for (place, entry) in entries.enumerated() { places[entry.name.map(\.lowercased)] = place }
            } else if entries.count > HTTPCombinedFields.walked {
                places[name.map(\.lowercased)] = entries.count - 1
            }
            return
        }
        guard !entries[place].isNamed("content-length") else { return }
        entries[place].value += [44, 32] + value
    }

    private func place(of name: [UInt8]) -> Int? {
        if entries.count >= HTTPCombinedFields.walked { return places[name.map(\.lowercased)] }
        return entries.firstIndex { entry in
            guard entry.name.count == name.count else { return false }
            for index in name.indices where entry.name[index].lowercased != name[index].lowercased { return false }
            return true
        }
    }

    /// The value of a field; nil without one. - Parameter name: in lower case.
    public subscript(name: StaticString) -> [UInt8]? {
        entries.first { $0.isNamed(name) }?.value
    }
}
