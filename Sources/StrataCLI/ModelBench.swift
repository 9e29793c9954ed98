internal import Foundation
internal import Strata
internal import StrataCore
internal import TextModels

/// What was measured of a model.
struct ModelBenchReport: Encodable {
    /// Texts of about one length.
    struct Group: Encodable {
        let name: String
        let textCount: Int
        let tokenCountMean: Double
        /// All texts in one call, the best of the repetitions.
        let textsPerSecond: Double
        let tokensPerSecond: Double
        /// One text a call, milliseconds.
        let singleP50: Double
        let singleP99: Double
    }

    struct Agreement: Encodable {
        let reference: String
        let cosineMean: Double
        let cosineMin: Double
        /// Share of each text's ten nearest others that both models name.
        let top10: Double
    }

    struct Quality: Encodable {
        let queryCount: Int
        let recallAt1: Double
        let recallAt5: Double
        let recallAt10: Double
        let meanReciprocalRank: Double
    }

    struct Tuning: Encodable {
        let workerCount: Int
        let intraOpThreadCount: Int
        let tokenBudget: Int
    }

    var name: String
    let precision: String
    let space: String
    let loadMilliseconds: Double
    let tuning: Tuning
    let groups: [Group]
    var agreement: Agreement?
    var quality: Quality?

    func lines(_ style: Style) -> [String] {
        func number(_ value: Double, _ decimals: Int = 0) -> String { DisplayText.number(value, decimals: decimals) }
        var lines = ["\(style.bold(name))  \(precision)"]
        lines.append(
            "  loaded in \(number(loadMilliseconds)) ms; \(tuning.workerCount) × \(tuning.intraOpThreadCount) threads, "
                + "\(tuning.tokenBudget) tokens a run")
        lines.append("  texts       tokens    texts/s   tokens/s   one: p50      p99")
        for group in groups {
            lines.append(
                "  \(group.name.padded(to: 10))" + number(group.tokenCountMean).paddedLeft(to: 8)
                    + number(group.textsPerSecond).paddedLeft(to: 11) + number(group.tokensPerSecond).paddedLeft(to: 11)
                    + number(group.singleP50, 2).paddedLeft(to: 9) + " ms"
                    + number(group.singleP99, 2).paddedLeft(to: 7)
                    + " ms")
        }
        if let agreement {
            lines.append(
                "  with \(agreement.reference): cosine mean \(number(agreement.cosineMean, 4)), "
                    + "lowest \(number(agreement.cosineMin, 4)); \(number(agreement.top10, 3)) of the ten nearest the same"
            )
        }
        if let quality {
            lines.append(
                "  \(quality.queryCount) questions: recall@1 \(number(quality.recallAt1, 3)), "
                    + "@5 \(number(quality.recallAt5, 3)), @10 \(number(quality.recallAt10, 3)), "
                    + "reciprocal rank \(number(quality.meanReciprocalRank, 3))")
        }
        return lines
    }
}

/// Measures the speed of an embedder.
struct ModelBench {
    let embedder: OnnxEmbedder
    let seconds: Double

    /// Plain sentences: what decides over the time of a text is its number of tokens.
    private static let words = [
        "the morning train was late again so we walked along the river and talked about the garden",
        "she keeps a list of small repairs beside the door and crosses one out every weekend",
        "when the storm came over the hills everyone carried their chairs into the old barn",
        "he wrote down the number of the doctor and promised to call before the end of the week",
    ]

    /// Different texts of about that many tokens.
    private func texts(tokenCount: Int, count: Int) -> [String] {
        let words = Self.words.joined(separator: " ").split(separator: " ")
        return (0..<count).map { number in
            // Two tokens are the model's own marks; these words are a token each.
            (0..<max(1, tokenCount - 3)).map { words[($0 + number * 7) % words.count] }.joined(separator: " ")
                + " \(number)"
        }
    }

    /// Texts for the agreement when no others are given.
    func plainTexts() -> [String] {
        let words = Self.words.joined(separator: " ").split(separator: " ")
        return (0..<120).map { number in
            (0..<(5 + number % 28)).map { words[($0 * (1 + number % 5) + number * 11) % words.count] }.joined(
                separator: " ")
        }
    }

    /// The texts to measure, by name.
    func groups(lines: [String]?) -> [(name: String, texts: [String])] {
        var groups: [(String, [String])] = []
        for (count, size) in [(256, 20), (64, 128), (32, 256)] {
            groups.append(("~\(size)", texts(tokenCount: size, count: count)))
        }
        if let lines { groups.append(("given", lines)) }
        return groups
    }

    func speed(groups: [(name: String, texts: [String])]) async throws -> ModelBenchReport {
        var measured: [ModelBenchReport.Group] = []
        for (name, texts) in groups {
            var tokens = 0
            let whole = try await times { _ in
                tokens = try await embedder.embed(texts, as: .document).reduce(0) { $0 + $1.tokenCount }
            }
            let singles = try await times { round in
                _ = try await embedder.embed([texts[round % texts.count]], as: .query)
            }
            measured.append(
                ModelBenchReport.Group(
                    name: name, textCount: texts.count, tokenCountMean: Double(tokens) / Double(texts.count),
                    textsPerSecond: Double(texts.count) / whole[0], tokensPerSecond: Double(tokens) / whole[0],
                    singleP50: singles[singles.count / 2] * 1000,
                    singleP99: singles[min(singles.count - 1, singles.count * 99 / 100)] * 1000))
        }
        let loading = embedder.loadTimes
        let load = loading.library + loading.verification + max(loading.tokenizer, loading.session)
        let tuning = embedder.tuning
        return ModelBenchReport(
            name: embedder.card.name, precision: embedder.card.precision, space: embedder.space.identifier,
            loadMilliseconds: load / .milliseconds(1),
            tuning: .init(
                workerCount: tuning.workerCount, intraOpThreadCount: tuning.intraOpThreadCount,
                tokenBudget: tuning.tokenBudget),
            groups: measured)
    }

    /// Seconds of each repetition, shortest first.
    private func times(_ work: (Int) async throws -> Void) async throws -> [Double] {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var times: [Double] = []
        repeat {
            let start = clock.now
            try await work(times.count)
            times.append(start.duration(to: clock.now) / .seconds(1))
        } while clock.now < end
        return times.sorted()
    }
}

/// A model's vectors of some texts, to be compared with another's.
struct AgreementSample {
    private let vectors: [[Float]]
    private let nearest: [Set<Int>]

    var dimension: Int { vectors.first?.count ?? 0 }

    init(_ embedder: OnnxEmbedder, texts: [String]) async throws {
        vectors = try await embedder.embed(texts, as: .document).map(\.vector)
        nearest = vectors.indices.map { [vectors] index in
            let others = vectors.indices.filter { $0 != index }
            let cosines = others.map { (Self.cosine(vectors[index], vectors[$0]), $0) }
            return Set(cosines.sorted { ($1.0, $0.1) < ($0.0, $1.1) }.prefix(10).map(\.1))
        }
    }

    func compared(with other: AgreementSample, named name: String) -> ModelBenchReport.Agreement {
        let cosines = zip(vectors, other.vectors).map { Self.cosine($0, $1) }
        let shared = zip(nearest, other.nearest).map { Double($0.intersection($1).count) / Double(max(1, $0.count)) }
        return ModelBenchReport.Agreement(
            reference: name, cosineMean: cosines.reduce(0, +) / Double(cosines.count), cosineMin: cosines.min() ?? 0,
            top10: shared.reduce(0, +) / Double(shared.count))
    }

    static func cosine(_ first: [Float], _ second: [Float]) -> Double {
        zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
}

/// Texts and questions with the texts that answer them.
struct RetrievalSample {
    private struct Turn: Decodable { let text: String }

    private struct Question: Decodable {
        let question: String
        /// Numbers of lines, from 1.
        let answers: [Int]
    }

    let texts: [String]
    private let questions: [Question]

    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/invalidArgument``.
    init(folder: String) throws {
        let texts = try Self.read(Turn.self, "\(folder)/conversation.jsonl").map(\.text)
        self.texts = texts
        let all = try Self.read(Question.self, "\(folder)/questions.jsonl").filter { !$0.answers.isEmpty }
        guard !all.isEmpty, all.allSatisfy({ $0.answers.allSatisfy((1...max(1, texts.count)).contains) }) else {
            throw StrataError(
                .invalidArgument,
                "\(folder)/questions.jsonl has no questions, or answers that are no line of the other file")
        }
        questions = all
    }

    private static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> [Value] {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw StrataError(.notFound, "there is no readable file \(path)")
        }
        do {
            return try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(type, from: Data($0)) }
        } catch {
            throw StrataError(.invalidArgument, "\(path) is not JSON Lines of the expected kind", cause: error)
        }
    }

    /// How well the model alone, without words or ranking, finds the answers.
    func quality(of embedder: OnnxEmbedder) async throws -> ModelBenchReport.Quality {
        let documents = try await embedder.embed(texts, as: .document).map(\.vector)
        let queries = try await embedder.embed(questions.map(\.question), as: .query).map(\.vector)
        var found = [1: 0.0, 5: 0.0, 10: 0.0]
        var reciprocal = 0.0
        for (question, query) in zip(questions, queries) {
            let cosines = documents.map { AgreementSample.cosine(query, $0) }
            let ranking = cosines.indices.sorted { (cosines[$1], $0) < (cosines[$0], $1) }
            let relevant = Set(question.answers.map { $0 - 1 })
            for limit in found.keys {
                let hits = Double(relevant.intersection(ranking.prefix(limit)).count)
                found[limit, default: 0] += hits / Double(min(limit, relevant.count))
            }
            let first = ranking.firstIndex(where: relevant.contains) ?? ranking.count
            reciprocal += 1 / Double(first + 1)
        }
        let count = Double(questions.count)
        return ModelBenchReport.Quality(
            queryCount: questions.count, recallAt1: (found[1] ?? 0) / count, recallAt5: (found[5] ?? 0) / count,
            recallAt10: (found[10] ?? 0) / count, meanReciprocalRank: reciprocal / count)
    }
}
