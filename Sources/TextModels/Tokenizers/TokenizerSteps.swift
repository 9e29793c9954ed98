/// The steps of tokenizing from a text to ids, special tokens around them apart.
///
/// A class, so that the closures of the steps hold one reference instead of a copy of every part.
final class TokenizerSteps: Sendable {
    private let addedTokens: AddedTokens
    private let normalizer: TextNormalizer?
    private let splitter: WordSplitter?
    private let model: TokenModel

    init(addedTokens: AddedTokens, normalizer: TextNormalizer?, splitter: WordSplitter?, model: TokenModel) {
        self.addedTokens = addedTokens
        self.normalizer = normalizer
        self.splitter = splitter
        self.model = model
    }

    var unknownID: Int32? { model.unknownID }

    /// The tokens without special ones around; a few more than `countMax` when there are more.
    func tokenIDs(_ text: String, stoppingAfter countMax: Int) -> [Int32] {
        var text = text
        return text.withUTF8 { bytes in
            var ids: [Int32] = []
            ids.reserveCapacity(min(countMax, bytes.count / 4) + 8)
            var normalForm: [UInt8] = []
            addedTokens.split(bytes) { part in
                guard ids.count <= countMax else { return }
                switch part {
                case .token(let id): ids.append(id)
                case .text(let range):
                    let isStart = range.lowerBound == 0
                    guard let normalizer else {
                        appendNormalForm(bytes.part(range), isStart: isStart, to: &ids, countMax)
                        return
                    }
                    normalForm.removeAll(keepingCapacity: true)
                    normalForm.reserveCapacity(range.count + range.count / 4)
                    normalizer.normalize(bytes.part(range), into: &normalForm)
                    normalForm.withUnsafeBufferPointer { appendNormalForm($0, isStart: isStart, to: &ids, countMax) }
                }
            }
            return ids
        }
    }

    private func appendNormalForm(_ text: ValidUTF8, isStart: Bool, to ids: inout [Int32], _ countMax: Int) {
        addedTokens.splitNormalForm(text) { part in
            switch part {
            case .token(let id): ids.append(id)
            case .text(let range):
                appendWords(of: text, range, isStart: isStart && range.lowerBound == 0, to: &ids, countMax)
            }
        }
    }

    private func appendWords(
        of text: ValidUTF8, _ range: Range<Int>, isStart: Bool, to ids: inout [Int32], _ countMax: Int
    ) {
        guard let splitter else {
            if !range.isEmpty { model.tokenize([range], of: text, into: &ids, stoppingAfter: countMax) }
            return
        }
        splitter.forWords(of: text, range, isStart: isStart) { text, words in
            model.tokenize(words, of: text, into: &ids, stoppingAfter: countMax)
        }
    }
}
