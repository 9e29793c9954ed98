internal import BenchSupport
internal import Foundation

/// Where a run's texts come from: generated sentences that any clone can make again, or a file.
struct TextSource: Sendable {
    let repository: String
    let seed: UInt64
    /// What the texts are, for the report.
    let description: String
    private let file: String?
    private let grammar: SentenceGrammar

    init(repository: String, file: String?, seed: UInt64) throws {
        self.repository = repository
        self.seed = seed
        self.file = file
        let corpus = try TextCorpus(repository: repository)
        grammar = SentenceGrammar(sentences: corpus.sentences)
        guard file != nil || grammar.frameCount > 0 else {
            throw CommandLineOptions.UsageError("\(repository) holds no prose to make texts from")
        }
        description =
            file.map { "texts of \(URL(fileURLWithPath: $0).lastPathComponent)" }
                ?? """
                sentences made from the repository's own (corpus \(corpus.digest): \(grammar.frameCount) sentences, \
                \(grammar.vocabularyCount) content words)
                """
    }

    /// So many different sentences.
    ///
    /// - Parameter salt: other sentences for another salt, where they are generated.
    func sentences(_ count: Int, salt: UInt64 = 0) throws -> [String] {
        guard let file else { return grammar.sentences(count, seed: seed &+ salt) }
        let texts = try TextCorpus.texts(ofJSONLines: file, limit: count)
        guard texts.count == count else {
            throw CommandLineOptions.UsageError("\(file) holds \(texts.count) different texts, \(count) are needed")
        }
        return texts
    }

    /// So many paragraphs of about 128 tokens.
    func paragraphs(_ count: Int) throws -> [String] {
        let sentenceCount = count * Self.paragraphWordCount / 4
        let sentences = file == nil ? try sentences(sentenceCount) : try TextCorpus.texts(ofJSONLines: file ?? "")
        return Array(SentenceGrammar.paragraphs(of: sentences, wordCount: Self.paragraphWordCount).prefix(count))
    }

    /// Measured: with the last sentence running over, 88 words and more come to some 128 tokens of the default model.
    private static let paragraphWordCount = 88
}
