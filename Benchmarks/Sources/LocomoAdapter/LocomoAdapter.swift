internal import BenchSupport
internal import Foundation
internal import Strata
internal import StrataCore

/// Answers the requests of a retrieval evaluation with a memory engine: JSON lines on standard input and output.
///
/// ```
/// {"op":"reset","namespace":N}                                            -> {"ok":true}
/// {"op":"ingest","namespace":N,"items":[{"id","text","time","session","order"}...]}  -> {"ids":[...]}
/// {"op":"query","namespace":N,"query":Q,"k":K}                            -> {"ids":[...]}
/// ```
/// A reply's ids are the engine's own, in the order of the items; those of a query are best first.
@main
struct LocomoAdapter {
    private let engine: MemoryEngine
    private let signals: RecallOptions.Signals
    private let decoder = JSONDecoder()
    private let encoder = JSONEncoder()

    /// Waiting for the next line blocks the main thread, on which the engine never works.
    @MainActor
    static func main() async throws {
        let options = try CommandLineOptions(
            Array(CommandLine.arguments.dropFirst()), valued: ["signals", "model", "data"], flags: [])
        let name = options.value("signals") ?? RecallOptions.Signals.hybrid.rawValue
        guard let signals = RecallOptions.Signals(rawValue: name) else {
            throw CommandLineOptions.UsageError("--signals is \(name), expected hybrid, keyword or vector")
        }
        let folder = try ScratchFolder(kept: options.value("data"))
        defer { folder.remove() }
        var configuration = EngineConfiguration()
        configuration.model = signals == .keyword ? .none : try ModelFolder(named: options.value("model")).choice
        let adapter = LocomoAdapter(
            engine: try await MemoryEngine.open(at: folder.path, configuration: configuration), signals: signals)
        while let line = readLine() {
            var reply = try await adapter.answer(Data(line.utf8))
            reply.append(UInt8(ascii: "\n"))
            try FileHandle.standardOutput.write(contentsOf: reply)
        }
        try await adapter.engine.close()
    }

    private func answer(_ line: Data) async throws -> Data {
        let request = try decoder.decode(Request.self, from: line)
        switch request.op {
        case .reset:
            try await engine.forget(.everything, in: request.namespace)
            return try encoder.encode(Reply(ok: true))
        case .ingest:
            // Two turns with the same words are two turns, so that each keeps its own id.
            let results = try await engine.remember(
                (request.items ?? []).map(\.memory), in: request.namespace, onDuplicate: .keep)
            return try encoder.encode(Reply(ids: results.map { try $0.get().record.id.description }))
        case .query:
            let answer = try await engine.recall(
                request.query ?? "", in: request.namespace, limit: request.k ?? 10,
                options: RecallOptions(signals: signals, countsUse: false))
            if let degradation = answer.degradations.first {
                throw CommandLineOptions.UsageError("a recall was degraded: \(degradation.message)")
            }
            return try encoder.encode(Reply(ids: answer.map(\.record.id.description)))
        }
    }
}

private struct Request: Decodable {
    enum Operation: String, Decodable { case reset, ingest, query }

    struct Item: Decodable {
        let text: String
        let speaker: String?
        let time: String?
        let session: String?
        let order: Int64?

        /// The harness writes "Speaker: words", which is what the engine makes of a speaker and a text.
        var memory: NewMemory {
            let prefix = speaker.map { "\($0): " } ?? ""
            let isPrefixed = !prefix.isEmpty && text.hasPrefix(prefix) && text.utf8.count > prefix.utf8.count
            return NewMemory(
                isPrefixed ? String(text.dropFirst(prefix.count)) : text, speaker: isPrefixed ? speaker : nil,
                session: session, metadata: order.map { ["order": .integer($0)] } ?? [:],
                occurredAt: time.flatMap { Timestamp(iso8601: $0) })
        }
    }

    let op: Operation
    let namespace: String
    let items: [Item]?
    let query: String?
    let k: Int?
}

private struct Reply: Encodable {
    var ok: Bool?
    var ids: [String]?

    init(ok: Bool) { self.ok = ok }
    init(ids: [String]) { self.ids = ids }
}
