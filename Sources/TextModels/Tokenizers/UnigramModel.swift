import StrataCore

/// Splits a word into the pieces whose scores have the greatest sum, each score being a logarithm of a probability.
///
/// After Kudo, <https://arxiv.org/abs/1804.10959>; as in SentencePiece and its reference in Rust, one pass from left to
/// right keeps the best way to every position.
struct UnigramModel: Sendable {
    private let pieces: ByteTrie
    private let scores: [Double]
    private let unknownID: Int32
    private let unknownScore: Double
    /// The token for each byte of an unknown character, or -1; empty when bytes are not fallen back on.
    private let fallbackIDs: [Int32]

    /// How much worse an unknown character is than the worst piece.
    private static let unknownPenalty = 10.0

    private struct Step {
        var score: Double
        /// Where the piece that ends here begins; negative when none does.
        var start: Int32
        var id: Int32
    }

    init(_ section: JSONSection, vocabulary: Vocabulary) throws {
        pieces = vocabulary.trie
        scores = vocabulary.scores
        let unknown = try section.required("unk_id")
        unknownID = try unknown.id()
        guard Int(unknownID) < scores.count else {
            throw StrataError.tokenizerInvalid(
                "\(unknown.path) is \(unknownID), the vocabulary has \(scores.count) pieces")
        }
        unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
        fallbackIDs = try section.member("byte_fallback")?.bool() ?? false ? vocabulary.byteIDs : []
    }

    func tokenize(_ word: ValidUTF8, into ids: inout [Int32]) {
        withUnsafeTemporaryAllocation(of: Step.self, capacity: word.count + 1) { steps in
            steps.initialize(repeating: Step(score: 0, start: -1, id: 0))
            fill(steps, word)
            let first = ids.count
            var end = word.count
            while end > 0 {
                let step = steps[end]
                var start = Int(step.start)
                if step.id == unknownID {
                    // Unknown characters side by side are one token.
                    while start > 0, steps[start].id == unknownID { start = Int(steps[start].start) }
                    appendReversed(unknown: word.part(start..<end), to: &ids)
                } else {
                    ids.append(step.id)
                }
                end = start
            }
            ids[first...].reverse()
        }
    }

    private func fill(_ steps: UnsafeMutableBufferPointer<Step>, _ word: ValidUTF8) {
        scores.withUnsafeBufferPointer { scores in
            var start = 0
            while start < word.count {
                let scoreHere = steps[start].score
                var afterScalar = start
                _ = word.scalar(at: &afterScalar)
                var hasPieceOfScalar = false
                var node = ByteTrie.root
                var position = start
                while position < word.count, let next = pieces.child(of: node, by: word[position]) {
                    position += 1
                    node = next
                    let id = pieces.value(at: next)
                    guard id >= 0 else { continue }
                    offer(scoreHere + scores[Int(id)], id, start, to: &steps[position])
                    if position == afterScalar { hasPieceOfScalar = true }
                }
                if !hasPieceOfScalar {
                    offer(scoreHere + unknownScore, unknownID, start, to: &steps[afterScalar])
                }
                start = afterScalar
            }
        }
    }

    @inline(__always)
    private func offer(_ score: Double, _ id: Int32, _ start: Int, to step: inout Step) {
        if step.start < 0 || score > step.score {
            step = Step(score: score, start: Int32(truncatingIfNeeded: start), id: id)
        }
    }

    private func appendReversed(unknown text: ValidUTF8, to ids: inout [Int32]) {
        if let id = pieces[text] {
            ids.append(id)
        } else if !fallbackIDs.isEmpty, text.allSatisfy({ fallbackIDs[Int($0)] >= 0 }) {
            for byte in text.reversed() { ids.append(fallbackIDs[Int(byte)]) }
        } else {
            ids.append(unknownID)
        }
    }
}
