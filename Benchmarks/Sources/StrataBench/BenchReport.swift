internal import BenchSupport
internal import Foundation

/// The results of a run, as a page to read and as JSON.
struct BenchReport: Codable {
    /// The parts of a run.
    enum Phase: String, CaseIterable {
        case ingest, inserts, recall, startup, vectors, lifecycle
    }

    let machine: Machine
    let model: String
    let plan: String
    let seed: UInt64
    let texts: String
    var ingest: IngestBench.Report?
    var inserts: [InsertBench.Result]?
    var recall: [RecallBench.Result] = []
    var startup: [StartupBench.Result] = []
    var vectors: [VectorStageBench.Result]?
    var lifecycle: [LifecycleBench.Result]?

    init(machine: Machine, model: String, plan: String, seed: UInt64, texts: String) {
        self.machine = machine
        self.model = model
        self.plan = plan
        self.seed = seed
        self.texts = texts
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: URL(fileURLWithPath: path))
    }

    func printHeader() {
        emit(
            """
            # strata-bench --\(plan), seed \(seed), model \(model)
            machine: \(machine.processor), \(machine.coreCount) cores, \(machine.instructions), \
            kernels \(machine.kernels), \(machine.memoryBytes >> 30) GiB, \(machine.system)
            load before the run \(number(machine.loadAverage, 2)); fsync of 4 KiB \
            \(number(machine.syncMilliseconds, 3)) ms
            texts: \(texts)
            """)
    }

    func printVectors() {
        for result in vectors ?? [] {
            emit(
                """

                ## Vector stage of a recall among \(result.recordCount) given vectors of \(result.dimension) components

                filled in \(number(result.fillSeconds, 1)) s, links and calibration \(number(result.upkeepSeconds, 1)) s after
                p50 \(number(result.milliseconds.p50, 3)) ms, p99 \(number(result.milliseconds.p99, 3)) ms, mean \
                \(number(result.milliseconds.mean, 3)) ms over \(result.queryCount) queries, 200 candidates each
                recall@10 against brute force \(number(result.recall, 3)); the engine's own sample \
                \(number(result.calibratedRecall, 3)); \(number(result.indexBytesPerRecord, 0)) bytes a vector in memory
                """)
        }
    }

    func printLifecycle() {
        for result in lifecycle ?? [] {
            emit(
                """

                ## A promotion cycle by \(result.policy) over \(result.recordCount) records of a day's age

                \(number(result.cycleSeconds, 2)) s, \(result.candidateCount) candidates, \(result.promotedCount) promoted; \
                resident \(mebibytes(result.residentBytes)) MiB before, at most \(mebibytes(result.residentBytesMax)) MiB
                recall without it: p50 \(number(result.alone.p50, 3)) ms, p99 \(number(result.alone.p99, 3)) ms; beside it: \
                p50 \(number(result.beside.p50, 3)) ms, p99 \(number(result.beside.p99, 3)) ms over \
                \(result.besideCount) recalls
                """)
        }
    }

    func printIngest() {
        guard let ingest else { return }
        emit("\n## Ingest: text in, durable and searchable out. Peer (vectors only): \(ingest.peer)\n")
        Table.show(
            [
                "texts", "count", "tokens each", "Strata texts/s", "tokens/s", "peer, as they come", "peer, sorted",
                "ratio", "ratio to sorted",
            ],
            ingest.results.map { result in
                let tokens = result.tokenCount.map { Double($0) / Double(result.textCount) }
                return [
                    result.name, String(result.textCount), number(tokens, 1), number(result.textsPerSecond, 0),
                    number(tokens.map { $0 * result.textsPerSecond }, 0),
                    number(result.peerArrivalTextsPerSecond, 0), number(result.peerSortedTextsPerSecond, 0),
                    number(result.ratioToArrival, 2), number(result.ratioToSorted, 2),
                ]
            })
    }

    func printInserts() {
        guard let inserts else { return }
        emit("\n## Durable single inserts, one call a record\n")
        Table.show(
            ["writers", "vector", "records", "records/s", "p50 ms", "p99 ms"],
            inserts.map {
                [
                    String($0.writerCount), $0.givesVector ? "given" : "embedded", String($0.recordCount),
                    number($0.recordsPerSecond, 0), number($0.milliseconds.p50, 2), number($0.milliseconds.p99, 2),
                ]
            })
    }

    func printRecall() {
        guard let result = recall.last else { return }
        emit("\n## Recall among \(result.recordCount) records, ten hits, queries of eight words\n")
        if let seconds = result.ingestSeconds {
            emit("filled in \(number(seconds, 1)) s (\(number(Double(result.recordCount) / seconds, 0)) records/s)")
        }
        if result.vectors == .perturbed {
            emit("vectors: given, those of other texts with noise; times and sizes hold, shares found do not")
        }
        emit(
            """
            bytes a record: disk \(number(result.diskBytesPerRecord, 0)), text \
            \(number(result.textBytesPerRecord, 0)), vector index in memory \(number(result.indexBytesPerRecord, 0))
            quality: \(percent(result.partFirstShare)) of the queries found their record first, \
            \(percent(result.partTenShare)) among ten; \(percent(result.wholeFirstShare)) of whole texts first
            four callers: \(number(result.parallelRecallsPerSecond, 0)) recalls/s; \
            whole recall over embedding alone: \(number(result.ratioToEmbedding, 2))

            """)
        let order = ["analysis", "embedding", "filter", "vector_search", "keyword_search", "fusion", "ranking"]
        let stages = order.compactMap { name in result.stages[name].map { (name, $0) } }
        Table.show(
            ["stage", "mean ms", "p50 ms", "p99 ms"],
            ([("whole recall", result.total), ("embedding alone", result.embeddingAlone)] + stages).map {
                [$0, number($1.mean, 3), number($1.p50, 3), number($1.p99, 3)]
            })
    }

    func printStartup() {
        guard let result = startup.last else { return }
        emit(
            """

            ## Start-up with \(result.recordCount) records: a new process, files in the system's cache, \
            median of \(result.rounds)

            """)
        for (name, steps) in [("meaning and words", result.hybrid), ("words only", result.keyword)] {
            Table.show(
                [name, "ms since start", "resident MiB", "peak MiB"],
                steps.map {
                    [
                        $0.name, number($0.milliseconds, 1), mebibytes($0.memory?.residentBytes),
                        mebibytes($0.memory?.peakBytes),
                    ]
                })
            emit("")
        }
    }

    private func number(_ value: Double?, _ digits: Int) -> String {
        value.map { String(format: "%.\(digits)f", $0) } ?? "-"
    }

    private func percent(_ share: Double) -> String { number(100 * share, 1) + " %" }

    private func mebibytes(_ bytes: Int?) -> String { number(bytes.map { Double($0) / 1_048_576 }, 1) }
}

/// Writes lines at once, also into a pipe, so that a long run can be followed.
private func emit(_ text: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
}

/// Rows under headings, as a Markdown table that is also aligned on a terminal.
private enum Table {
    static func show(_ headings: [String], _ rows: [[String]]) {
        let widths = headings.indices.map { column in
            ([headings] + rows).map { $0[column].count }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + space : space + cell.0
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = widths.enumerated().map { column, width in
            column == 0 ? String(repeating: "-", count: width) : String(repeating: "-", count: width - 1) + ":"
        }
        emit(([line(headings), line(rule)] + rows.map(line)).joined(separator: "\n"))
    }
}
