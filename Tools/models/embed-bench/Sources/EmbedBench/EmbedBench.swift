import Foundation
import StrataCore
import TextModels

/// Measures one model folder on this machine and prints one JSON object.
///
/// `embed-bench FOLDER TEXTS.json SECONDS [INTRA_THREADS]`: TEXTS.json holds an object of name to list of texts. Each
/// list is embedded whole, again and again for so many seconds, then text by text. With more than one intra-op thread
/// there is one worker. `beside`, `long` and `cache`
/// as the first argument are ``BesideBench``, ``LongTextBench`` and ``CacheBench``.
@main
struct EmbedBench {
    struct Report: Encodable {
        var loadMilliseconds: Double
        var reloadMilliseconds: Double
        var textsPerSecond: [String: Double] = [:]
        var textsPerSecondMedian: [String: Double] = [:]
        var singleP50Milliseconds: [String: Double] = [:]
        var queryBesideBulkP50Milliseconds = 0.0
    }

    static func main() async throws {
        var arguments = CommandLine.arguments
        if arguments.count == 4, arguments[1] == "long" {
            return try write(await LongTextBench.run(folder: arguments[2], file: arguments[3]))
        }
        if arguments.count == 4, arguments[1] == "cache" {
            return try write(await CacheBench.run(folder: arguments[2], file: arguments[3]))
        }
        let isBeside = arguments.count > 1 && arguments[1] == "beside"
        if isBeside { arguments.remove(at: 1) }
        guard arguments.count >= 4, let seconds = Double(arguments[3]) else {
            FileHandle.standardError.write(Data("usage: EmbedBench FOLDER TEXTS.json SECONDS [INTRA_THREADS]\n".utf8))
            exit(2)
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: arguments[2]))
        let groups = try JSONDecoder().decode([String: [String]].self, from: data)
        if isBeside {
            let embedder = try await OnnxEmbedder.load(folder: arguments[1])
            FileHandle.standardError.write(Data("\(embedder.loadTimes)\n".utf8))
            let callerCount = arguments.count > 4 ? Int(arguments[4]) ?? 1 : 1
            try write(
                await BesideBench.run(embedder, groups: groups, seconds: seconds, callerCount: callerCount))
            return
        }
        var options = OnnxEmbedder.Options()
        if arguments.count > 4, let threads = Int(arguments[4]), threads > 1 {
            options.intraOpThreadCount = threads
            options.workerCount = 1
        }
        let clock = ContinuousClock()
        var start = clock.now
        _ = try await OnnxEmbedder.load(folder: arguments[1], options: options)
        let loading = start.duration(to: clock.now)
        start = clock.now
        let embedder = try await OnnxEmbedder.load(folder: arguments[1], options: options)
        let reloading = start.duration(to: clock.now)
        var report = Report(
            loadMilliseconds: loading / .milliseconds(1), reloadMilliseconds: reloading / .milliseconds(1))

        for (name, texts) in groups.sorted(by: { $0.key < $1.key }) {
            let rounds = try await repeated(for: seconds) { _ in _ = try await embedder.embed(texts, as: .document) }
            report.textsPerSecond[name] = Double(texts.count) / rounds[0]
            report.textsPerSecondMedian[name] = Double(texts.count) / rounds[rounds.count / 2]
            let singles = try await repeated(for: seconds) { round in
                _ = try await embedder.embed([texts[round % texts.count]], as: .query)
            }
            report.singleP50Milliseconds[name] = singles[singles.count / 2] * 1000
        }

        if let short = groups["short"], let long = groups["p128"] {
            let bulk = Task {
                while !Task.isCancelled { _ = try await embedder.embed(long, as: .document) }
            }
            let queries = try await repeated(for: seconds) { round in
                _ = try await embedder.embed([short[round % short.count]], as: .query)
            }
            bulk.cancel()
            report.queryBesideBulkP50Milliseconds = queries[queries.count / 2] * 1000
        }
        try write(report)
    }

    static func write(_ report: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        FileHandle.standardOutput.write(try encoder.encode(report) + Data("\n".utf8))
    }

    /// Seconds of each repetition, shortest first.
    static func repeated(
        for seconds: Double, _ work: @Sendable (Int) async throws -> Void
    ) async throws -> [Double] {
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
