internal import ArgumentParser
internal import OwnerLink
internal import Strata
internal import StrataCore

/// `strata stats`
struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Count records, vectors and bytes: of one namespace, or of all without one.")

    @OptionGroup var common: CommonOptions

    /// The engine's statistics with the namespaces beside them.
    private struct Answer: Encodable {
        let statistics: EngineStatistics
        let namespaces: [String]

        private enum CodingKeys: String, CodingKey { case namespaces }

        func encode(to encoder: any Encoder) throws {
            try statistics.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(namespaces, forKey: .namespaces)
        }
    }

    func run() async throws {
        let output = common.output
        let (answer, degradations) = try await common.withMemory { memory in
            let namespaces = try await memory.namespaces()
            let answer = Answer(
                statistics: try await memory.stats(in: common.namespace),
                namespaces: namespaces.filter { common.namespace == nil || $0 == common.namespace })
            return (answer, memory.modelDegradations)
        }
        output.warnings(degradations)
        if output.json {
            try output.result(json: answer)
        } else {
            for (name, value) in rows(answer) {
                output.result("\(output.style.dim(name.padded(to: 18)))\(DisplayText.oneLine(value, width: nil))")
            }
        }
    }

    private func summary(of job: JobStatus) -> String {
        var parts = [DisplayText.count(job.runCount, "run")]
        if let time = job.lastSucceededAt { parts.append("last \(DisplayText.moment(time))") }
        if let milliseconds = job.lastMilliseconds {
            parts.append("\(DisplayText.number(milliseconds, decimals: 0)) ms")
        }
        for (name, count) in job.lastFigures.sorted(by: { $0.key < $1.key }) where count > 0 {
            parts.append("\(count) \(name)")
        }
        if let error = job.lastError { parts.append("failed: \(error)") }
        return parts.joined(separator: ", ")
    }

    private func rows(_ answer: Answer) -> [(String, String)] {
        let statistics = answer.statistics
        let store = statistics.store
        var rows = [("records", String(store.recordCount))]
        for layer in Layer.allCases { rows.append(("  \(layer.rawValue)", String(store.recordCounts[layer] ?? 0))) }
        rows.append(("pinned", String(store.pinnedCount)))
        rows.append(("vectors", String(store.vectorCount)))
        for (space, count) in store.vectorCountBySpace.sorted(by: { $0.key < $1.key }) {
            rows.append(("  \(space)", String(count)))
        }
        rows.append(("without vector", String(statistics.vectorMissingCount)))
        rows.append(("text", DisplayText.bytes(store.textBytes)))
        rows.append(("on disk", DisplayText.bytes(store.fileBytes)))
        rows.append(("model", statistics.embeddingSpace ?? "none, words only"))
        for index in statistics.vectorIndexes { rows.append(("index \(index.namespace)", describe(index))) }
        for embedder in statistics.embedders where embedder.isFallback || embedder.breaker != "closed" {
            let state = embedder.breaker == "closed" ? "ready" : "rests after \(embedder.lastProblem ?? "failures")"
            rows.append((embedder.isFallback ? "fallback" : "", "\(embedder.space): \(state)"))
        }
        let names = answer.namespaces.prefix(20).joined(separator: ", ")
        let rest = answer.namespaces.count - 20
        rows.append(("namespaces", "\(answer.namespaces.count): \(names)\(rest > 0 ? " and \(rest) more" : "")"))
        rows.append(("last change", String(store.change)))
        for fill in statistics.layers {
            let share = DisplayText.number(fill.share * 100, decimals: 1)
            rows.append(("\(fill.layer.rawValue) of \(fill.namespace)", "\(share) % of \(fill.recordCountMax)"))
        }
        if let reading = statistics.resources.reading {
            let shares = [reading.share, statistics.resources.cacheShare].map {
                DisplayText.number($0 * 100, decimals: 0) + " %"
            }
            rows.append(("memory", "\(shares[0]) of \(DisplayText.bytes(reading.limitBytes)), cache at \(shares[1])"))
        }
        for job in statistics.jobs where job.runCount > 0 { rows.append((job.name, summary(of: job))) }
        return rows
    }

    private func describe(_ index: VectorIndexStatistics) -> String {
        var parts = ["\(index.vectorCount) vectors"]
        switch index.kind {
        case .exact: parts.insert("exact", at: 0)
        case .graph: parts.insert("graph, \(index.linkedCount) linked", at: 0)
        case .notLoaded: break
        }
        if index.residentBytes > 0 { parts.append(DisplayText.bytes(index.residentBytes) + " in memory") }
        parts.append(index.file == .none ? "no file" : "file of \(DisplayText.bytes(index.fileBytes))")
        return parts.joined(separator: ", ")
    }
}
