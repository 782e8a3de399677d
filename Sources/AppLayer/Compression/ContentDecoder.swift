import Wire

/// Undoes the content codings of a response (RFC 9110 section 8.4): gzip and deflate, one behind the other. Servers and
/// browsers disagree about what `deflate` means and forgive headers that say the wrong thing; whatever reading gives
/// bytes is taken, and what gives none in any reading is passed on as it is.
struct ContentDecoder {
    enum Coding {
        case gzip
        case deflate
    }

    /// Bytes made from one body by all layers together; Suricata's limit for what it calls a bomb.
    static let maximumOutput = 1 << 20
    /// Bytes that pass from one layer to the next at a time.
    private static let step = 16_384

    private var layers: [DecodingLayer]
    private var produced = 0
    /// More codings were named than are undone.
    let hasTooManyLayers: Bool
    /// So much came out of so little that reading on stopped.
    private(set) var isExhausted = false

    /// Nil when there is nothing to undo. - Parameter value: of the Content-Encoding field.
    init?(contentEncoding value: [UInt8], maximumLayers: Int) {
        var layers: [DecodingLayer] = []
        let names = value.filter { $0 != 0 }.split { $0 == UInt8(ascii: ",") || $0 == 32 }
        for name in names.prefix(maximumLayers) {
            let name = name.map(\.lowercased)
            if name.contains("gzip") {
                layers.append(DecodingLayer(.gzip))
            } else if name.contains("deflate") {
                layers.append(DecodingLayer(.deflate))
            }
        }
        hasTooManyLayers = names.count > maximumLayers
        guard !layers.isEmpty else { return nil }
        self.layers = layers
    }

    /// A coding was named that the bytes are not in.
    var hasFailed: Bool { layers.contains(where: \.isPassedOn) }

    /// Decodes the next bytes of the body and hands on what comes out, until `receive` wants no more.
    mutating func decode(_ bytes: RawSpan, _ receive: (RawSpan) -> Bool) {
        guard !isExhausted else { return }
        if !decode(bytes, layer: 0, receive) { isExhausted = true }
    }

    /// False when reading on is useless.
    private mutating func decode(_ bytes: RawSpan, layer: Int, _ receive: (RawSpan) -> Bool) -> Bool {
        guard layer < layers.count, !layers[layer].isPassedOn else { return receive(bytes) }
        var position = 0
        while true {
            var output: [UInt8] = []
            let wantsMore = layers[layer].run(bytes, &position, into: &output, limit: ContentDecoder.step)
            produced += output.count
            guard produced <= ContentDecoder.maximumOutput else { return false }
            if !output.isEmpty {
                let span = unsafe output.span.bytes
                // What no layer can read is no longer what the next one expects.
                let next = layers[layer].isPassedOn ? layers.count : layer + 1
                guard decode(span, layer: next, receive) else { return false }
            }
            if !wantsMore { return true }
        }
    }
}

extension [UInt8] {
    fileprivate func contains(_ word: StaticString) -> Bool {
        let word = word.withUTF8Buffer { unsafe Array($0) }
        return indices.contains { self[$0...].starts(with: word) }
    }
}
