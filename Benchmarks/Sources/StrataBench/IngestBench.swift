internal import BenchSupport
internal import Foundation
internal import Strata
internal import StrataCore

/// From texts to durable, searchable records, beside the same model under Python, which only makes the vectors.
@MainActor
struct IngestBench {
    /// What one set of texts gave.
    struct Result: Codable, Sendable {
        let name: String
        let textCount: Int
        /// Tokens of the model, its special tokens included; nil without the peer, which counts them.
        let tokenCount: Int?
        let rounds: Int
        /// Texts per second, the median over rounds.
        let textsPerSecond: Double
        let peerArrivalTextsPerSecond: Double?
        let peerSortedTextsPerSecond: Double?
        /// The median over rounds of Strata's speed over the peer's in the same round.
        let ratioToArrival: Double?
        let ratioToSorted: Double?
    }

    /// All sets, and what the peer was.
    struct Report: Codable, Sendable {
        let peer: String
        let results: [Result]
    }

    let plan: BenchPlan
    let source: TextSource
    let model: ModelFolder
    let folder: ScratchFolder
    let peer: PythonPeer

    func run() async throws -> Report {
        let sets = [
            ("sentences", try source.sentences(plan.shortCount)),
            ("paragraphs", try source.paragraphs(plan.paragraphCount)),
        ]
        var loaded: PythonPeer.Loaded?
        var peerDescription: String
        do {
            let answer = try peer.load(Dictionary(uniqueKeysWithValues: sets), in: folder.path)
            (loaded, peerDescription) = (answer, answer.versions)
        } catch let problem as PythonPeer.Unavailable {
            peerDescription = "none (\(problem.reason))"
        }
        defer { peer.stop() }

        let path = folder.path(of: "ingest-\(UUID().uuidString)")
        var configuration = EngineConfiguration()
        // Rounds repeat their texts; a cache would answer for the model.
        configuration.cache = nil
        configuration.model = model.choice
        let engine = try await MemoryEngine.open(at: path, configuration: configuration)
        _ = try await seconds(engine, Array(sets[0].1.prefix(128)), namespace: "warm-up")
        var results: [Result] = []
        for (name, texts) in sets {
            results.append(try await measure(name, texts, engine: engine, loaded: loaded))
        }
        try await engine.close()
        return Report(peer: peerDescription, results: results)
    }

    /// Each round runs all sides one after another, so that a slow moment of the machine meets all of them.
    private func measure(
        _ name: String, _ texts: [String], engine: MemoryEngine, loaded: PythonPeer.Loaded?
    ) async throws -> Result {
        var own = Samples()
        var peers: [PythonPeer.Order: Samples] = [:]
        var ratios: [PythonPeer.Order: Samples] = [:]
        for round in 0..<plan.ingestRounds {
            let ownSeconds = try await seconds(engine, texts, namespace: "\(name)-\(round)")
            own.add(Double(texts.count) / ownSeconds)
            guard loaded != nil else { continue }
            for order in PythonPeer.Order.allCases {
                let peerSeconds = try peer.run(name, order).seconds
                peers[order, default: Samples()].add(Double(texts.count) / peerSeconds)
                ratios[order, default: Samples()].add(peerSeconds / ownSeconds)
            }
        }
        return Result(
            name: name, textCount: texts.count, tokenCount: loaded?.tokens[name], rounds: plan.ingestRounds,
            textsPerSecond: own.median, peerArrivalTextsPerSecond: peers[.arrival]?.median,
            peerSortedTextsPerSecond: peers[.sorted]?.median, ratioToArrival: ratios[.arrival]?.median,
            ratioToSorted: ratios[.sorted]?.median)
    }

    /// Stores texts in a new namespace with the defaults and checks that all became records with vectors.
    private func seconds(_ engine: MemoryEngine, _ texts: [String], namespace: String) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        var storedCount = 0
        for try await progress in engine.remember(contentsOf: MemoryStream(texts: texts), in: namespace) {
            storedCount = progress.storedCount
        }
        let seconds = (clock.now - start).inSeconds
        let missing = try await engine.stats(in: namespace).vectorMissingCount
        guard storedCount == texts.count, missing == 0 else {
            throw BenchFailure("\(storedCount) of \(texts.count) texts were stored, \(missing) without a vector")
        }
        return seconds
    }
}

/// Texts as a stream of memories, at the pace of the reader.
struct MemoryStream: AsyncSequence, Sendable {
    struct Iterator: AsyncIteratorProtocol {
        var rest: ArraySlice<NewMemory>
        mutating func next() async -> NewMemory? { rest.popFirst() }
    }

    let memories: [NewMemory]

    init(texts: [String]) { memories = texts.map { NewMemory($0) } }
    init(memories: [NewMemory]) { self.memories = memories }

    func makeAsyncIterator() -> Iterator { Iterator(rest: memories[...]) }
}

/// A run whose result would be wrong.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
