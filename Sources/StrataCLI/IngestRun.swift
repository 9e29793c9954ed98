internal import Ingest
internal import OwnerLink
internal import Strata
internal import StrataCore

/// What a run of `strata ingest` did.
struct IngestSummary: Encodable {
    var dryRun = false
    var interrupted = false
    /// Files read to their end.
    var fileCount = 0
    /// Texts found in them.
    var itemCount = 0
    var addedCount = 0
    var knownCount = 0
    /// Texts that the engine did not take.
    var refusedCount = 0
    /// Files and lines that could not be read.
    var problemCount = 0
    /// Files and folders that were passed over, by reason.
    var skippedCounts: [String: Int] = [:]
    /// What is no memory in files that were read, by reason.
    var omittedCounts: [String: Int] = [:]
    var degradations: [Degradation] = []
    var seconds = 0.0

    /// Adds what another run over other files did.
    mutating func add(_ other: Self) {
        interrupted = interrupted || other.interrupted
        fileCount += other.fileCount
        itemCount += other.itemCount
        addedCount += other.addedCount
        knownCount += other.knownCount
        refusedCount += other.refusedCount
        problemCount += other.problemCount
        skippedCounts.merge(other.skippedCounts, uniquingKeysWith: +)
        omittedCounts.merge(other.omittedCounts, uniquingKeysWith: +)
        degradations += other.degradations.filter { !degradations.contains($0) }
        seconds += other.seconds
    }
}

/// Reads sources one after another and stores what they hold, a batch at a time.
///
/// At most one batch of texts is held, however long the files are.
struct IngestRun {
    private static let batchCount = 256
    private static let troubleCountMax = 20

    private let sources: [FolderIngest]
    private let namespace: String
    private let layer: Layer
    private let tags: [String]
    private let output: Output
    private var bar: ProgressBar
    private var progress = ProgressBar.State()
    private var troubleCount = 0
    private(set) var summary = IngestSummary()

    init(sources: [FolderIngest], namespace: String, layer: Layer, tags: [String], output: Output) {
        self.sources = sources
        self.namespace = namespace
        self.layer = layer
        self.tags = tags
        self.output = output
        bar = ProgressBar(style: output.messageStyle, writesLines: !output.json)
        progress.bytesTotal = sources.reduce(0) { $0 + $1.scan.files.reduce(0) { $0 + $1.sizeBytes } }
        for skipped in sources.flatMap(\.scan.skipped) {
            summary.skippedCounts[skipped.reason.words, default: 0] += 1
        }
    }

    /// Reads everything; without an engine nothing is stored.
    mutating func read(into memory: (any MemoryClient)?, until interruption: Interruption? = nil) async throws {
        summary.dryRun = memory == nil
        var batch: [IngestItem] = []
        var bytesBefore = 0
        bar.begin(progress)
        for var source in sources {
            while let event = source.next() {
                switch event {
                case .problem(let problem):
                    summary.problemCount += 1
                    report(code: "unreadable", problem.description)
                case .omission(let reason): summary.omittedCounts[reason.rawValue, default: 0] += 1
                case .item(let item):
                    summary.itemCount += 1
                    batch.append(item)
                }
                if batch.count == Self.batchCount {
                    progress.bytesDone = bytesBefore + source.bytesRead
                    try await store(&batch, in: memory)
                }
                if interruption?.isPending == true {
                    // What is read and not stored yet is read again by the next run.
                    summary.interrupted = true
                    finish()
                    return
                }
            }
            summary.fileCount += source.report.fileCount
            bytesBefore += source.bytesRead
            progress.bytesDone = bytesBefore
        }
        try await store(&batch, in: memory)
        finish()
    }

    private mutating func store(_ batch: inout [IngestItem], in memory: (any MemoryClient)?) async throws {
        defer { batch = [] }
        if let memory, !batch.isEmpty {
            let memories = batch.map { NewMemory($0, in: namespace, layer: layer, tags: tags) }
            let results = try await memory.remember(
                memories, in: namespace, onDuplicate: .skip, ack: .durable)
            var degradations: [Degradation] = []
            for (item, result) in zip(batch, results) {
                switch result {
                case .success(let outcome):
                    if outcome.status == .stored { summary.addedCount += 1 } else { summary.knownCount += 1 }
                    degradations += outcome.degradations
                case .failure(let error):
                    summary.refusedCount += 1
                    report(code: error.code.description, "\(item.path):\(item.lines.lowerBound): \(error.message)")
                }
            }
            // Each kind of trouble is told once a run, not once a batch.
            let known = Set(summary.degradations)
            let new = degradations.reduce(into: [Degradation]()) { new, degradation in
                if !known.contains(degradation), !new.contains(degradation) { new.append(degradation) }
            }
            if !new.isEmpty {
                bar.clear()
                output.warnings(new)
                summary.degradations += new
            }
        }
        progress.memoryCount += batch.count
        bar.show(progress)
    }

    /// Names the first troubles one by one; the summary counts them all.
    private mutating func report(code: String, _ message: String) {
        troubleCount += 1
        guard troubleCount <= Self.troubleCountMax else { return }
        bar.clear()
        output.error(code: code, message: message)
    }

    private mutating func finish() {
        bar.clear()
        if troubleCount > Self.troubleCountMax {
            output.warning("\(troubleCount - Self.troubleCountMax) more of that kind are not named")
        }
        summary.seconds = bar.elapsed / .seconds(1)
    }
}
