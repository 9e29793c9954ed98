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
        let names = answer.namespaces.prefix(20).joined(separator: ", ")
        let rest = answer.namespaces.count - 20
        rows.append(("namespaces", "\(answer.namespaces.count): \(names)\(rest > 0 ? " and \(rest) more" : "")"))
        rows.append(("last change", String(store.change)))
        return rows
    }
}
