import RuleLanguage
import Yams

/// Says in plain words what libyaml complains about.
struct SyntaxErrorReader {
    let file: String
    let mask: IndicatorMask

    func diagnostic(_ error: YamlError) -> Diagnostic {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return diagnostic(context: context, problem: problem, mark: mark)
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\(shown(mask.unmasked($0)))'" }.joined(separator: ", ")
            return at(context.mark.line, context.mark.column, "\(names) is written twice in one object")
        case .reader(let problem, let offset, _, _):
            let (line, column) = place(ofCharacter: offset ?? 0)
            return at(line, column, "\(problem) in a document")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return at(1, 1, "the document cannot be read: \(error)")
        }
    }

    private func diagnostic(context: YamlError.Context?, problem: String, mark: Mark) -> Diagnostic {
        let begin = context.map { "\($0.mark.line):\($0.mark.column)" } ?? "1:1"
        let hint = isAnchorNear(line: mark.line) ? "anchors (&name) are not read here; write the value out" : nil
        let message =
            switch problem {
            case "did not find expected ',' or '}'": "expected ',' or '}' in the object that begins at \(begin)"
            case "did not find expected ',' or ']'": "expected ',' or ']' in the list that begins at \(begin)"
            case "found unexpected end of stream": "the string that begins at \(begin) is never closed"
            case "but found another document": "expected a single document, found a second one"
            case "did not find expected node content": "expected a value in what begins at \(begin)"
            case "found character that cannot start any token": "unexpected character"
            case "mapping values are not allowed in this context": "unexpected ':'"
            case "did not find expected <document start>": "expected the end of the document, found more text"
            case _ where problem.hasPrefix("Maximum nesting level"):
                "nested deeper than \(DocumentReader.maximumDepth) levels"
            default: context.map { "\(problem), \($0.text) that begins at \(begin)" } ?? problem
            }
        // libyaml counts one line more than there is where the document ends too soon.
        let end = place(ofCharacter: mask.text.count)
        let isPastEnd = (mark.line, mark.column) > (end.line, end.column)
        return at(isPastEnd ? end.line : mark.line, isPastEnd ? end.column : mark.column, message, hint: hint)
    }

    /// An anchor in front of a block is a common reason why what follows makes no sense to the parser.
    private func isAnchorNear(line: Int) -> Bool {
        let lines = mask.text.split(separator: "\n", maxSplits: line, omittingEmptySubsequences: false)
        return lines.dropLast(lines.count > line ? 1 : 0).suffix(2).contains { text in
            text.split(separator: " ").contains { mask.indicator(of: String($0)) == "&" }
        }
    }

    private func place(ofCharacter offset: Int) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for character in mask.text.prefix(offset) {
            if character.isNewline {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return (line, column)
    }

    private func at(_ line: Int, _ column: Int, _ message: String, hint: String? = nil) -> Diagnostic {
        Diagnostic(at: SourceLocation(file: file, line: line, column: column), message, hint: hint)
    }
}
