internal import Foundation
internal import Ingest
internal import OwnerLink
internal import Strata
internal import StrataCore

/// Reads exports of Strata one after another and takes their records over, a batch at a time.
struct RestoreRun {
    private static let batchCount = 64
    private static let batchBytesMax = 4 << 20
    private static let troubleCountMax = 20

    private let files: [String]
    private let namespace: String?
    private let output: Output
    private var bar: ProgressBar
    private var progress = ProgressBar.State()
    private var troubleCount = 0
    private var unsearchableCount = 0
    private var droppedLinkCount = 0
    private(set) var summary = IngestSummary()

    /// Records read and not yet stored, with their lines.
    private struct Batch {
        var records: [PortableRecord] = []
        var lines: [Int] = []
        var bytes = 0
    }

    init(files: [String], namespace: String?, output: Output) {
        self.files = files
        self.namespace = namespace
        self.output = output
        bar = ProgressBar(style: output.messageStyle, writesLines: !output.json)
        progress.bytesTotal = files.reduce(0) { $0 + Self.size(of: $1) }
    }

    private static func size(of file: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }

    /// Reads everything; without an engine nothing is stored.
    mutating func read(into memory: (any MemoryClient)?, until interruption: Interruption? = nil) async throws {
        summary.dryRun = memory == nil
        bar.begin(progress)
        var bytesBefore = 0
        for file in files where !summary.interrupted {
            try await read(file, into: memory, bytesBefore: bytesBefore, until: interruption)
            bytesBefore += Self.size(of: file)
            progress.bytesDone = bytesBefore
        }
        finish()
    }

    private mutating func read(
        _ file: String, into memory: (any MemoryClient)?, bytesBefore: Int, until interruption: Interruption?
    ) async throws {
        let name = URL(fileURLWithPath: file).lastPathComponent
        var lines = try FileLines(file: file, path: name, lineBytesMax: PortableLine.bytesMax)
        var batch = Batch()
        var count = 0
        var end: Int?
        while let (number, text) = lines.next() {
            do {
                let text = try text.get()
                switch try PortableLine(jsonLine: text) {
                case .header: break
                case .end(let recordCount): end = recordCount
                case .record(let record):
                    count += 1
                    summary.itemCount += 1
                    batch.records.append(record)
                    batch.lines.append(number)
                    batch.bytes += text.utf8.count
                }
            } catch let problem as IngestProblem {
                problemFound(code: "unreadable", problem.description)
            } catch let error as StrataError where error.code == .unsupportedVersion {
                throw error
            } catch let error as StrataError {
                problemFound(code: error.code.description, "\(name):\(number): \(error.message)")
            }
            if batch.records.count >= Self.batchCount || batch.bytes >= Self.batchBytesMax {
                progress.bytesDone = bytesBefore + lines.bytesRead
                try await store(&batch, from: name, in: memory)
                if interruption?.isPending == true {
                    summary.interrupted = true
                    return
                }
            }
        }
        try await store(&batch, from: name, in: memory)
        summary.fileCount += 1
        switch end {
        case nil: problemFound(code: "unreadable", "\(name): the export is cut off, it has no end; export it anew")
        case let end? where end != count:
            problemFound(code: "unreadable", "\(name): \(count) records were read, the end of the file says \(end)")
        default: break
        }
    }

    private mutating func store(_ batch: inout Batch, from name: String, in memory: (any MemoryClient)?) async throws {
        defer { batch = Batch() }
        if let memory, !batch.records.isEmpty {
            for (line, result) in zip(
                batch.lines, try await memory.restore(lines: batch.records.map(\.jsonLine), in: namespace))
            {
                switch result {
                case .success(let outcome):
                    if outcome.status == .stored { summary.addedCount += 1 } else { summary.knownCount += 1 }
                    if !outcome.isSearchable { unsearchableCount += 1 }
                    if outcome.isLinkDropped { droppedLinkCount += 1 }
                case .failure(let error):
                    summary.refusedCount += 1
                    report(code: error.code.description, "\(name):\(line): \(error.message)")
                }
            }
        }
        progress.memoryCount += batch.records.count
        bar.show(progress)
    }

    private mutating func problemFound(code: String, _ message: String) {
        summary.problemCount += 1
        report(code: code, message)
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
        if droppedLinkCount > 0 {
            output.warning("\(DisplayText.count(droppedLinkCount, "link")) dropped, their records are not here")
        }
        if unsearchableCount > 0 {
            output.warning(
                """
                \(DisplayText.count(unsearchableCount, "record")) without a vector of the present model, found by words \
                only; run strata doctor --embed-missing
                """)
        }
        summary.seconds = bar.elapsed / .seconds(1)
    }
}
