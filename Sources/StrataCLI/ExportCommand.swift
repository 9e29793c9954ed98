internal import ArgumentParser
internal import Foundation
internal import OwnerLink
internal import Strata
internal import StrataCore

/// `strata export`
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write every record as JSON Lines, for strata import or for other programs.",
        discussion: """
            strata export everything.jsonl --vectors
            strata export --namespace alice | gzip > alice.jsonl.gz

            Without a file the lines go to standard output. All namespaces are written unless --namespace names one. \
            Records keep their ids, times, counts, pins and links. A file appears when it is complete.
            """)

    @Argument(help: "The file to write; - or nothing for standard output.", completion: .file())
    var file: String?

    @Flag(help: "Write the vectors too, so that an import needs no model.")
    var vectors = false

    @Flag(help: "Write what was changed in each record, with the values before.")
    var history = false

    @Flag(help: "Replace the file if it exists.")
    var overwrite = false

    @OptionGroup var common: CommonOptions

    private struct Summary: Encodable {
        let recordCount: Int
        let bytes: Int
        let file: String
    }

    func run() async throws {
        let output = common.output
        let options = ExportOptions(
            namespace: common.namespace, includesVectors: vectors, includesHistory: history)
        let path = file == "-" ? nil : file
        if let path, !overwrite, FileManager.default.fileExists(atPath: path) {
            throw StrataError(.conflict, "there is a file \(path) already; name another one or say --overwrite")
        }
        let interruption = Interruption()
        try await common.withMemory(.init(model: false)) { memory in
            var target = try ExportTarget(path: path)
            let count: Int
            do {
                count = try await write(memory, options, to: &target, until: interruption, output)
                try target.finish()
            } catch {
                target.discard()
                throw error
            }
            guard let path else { return }
            if output.json {
                try output.result(json: Summary(recordCount: count, bytes: target.byteCount, file: path))
            } else {
                output.result(
                    "exported \(DisplayText.count(count, "record")), \(DisplayText.bytes(target.byteCount)), to \(path)"
                )
            }
        }
    }

    /// Writes page after page, so that one page is held in memory.
    private func write(
        _ memory: any MemoryClient, _ options: ExportOptions, to target: inout ExportTarget,
        until interruption: Interruption, _ output: Output
    ) async throws -> Int {
        var bar = ProgressBar(style: output.messageStyle, writesLines: !output.json)
        var state = ProgressBar.State()
        state.memoryTotal = try await memory.stats(in: common.namespace).store.recordCount
        bar.begin(state)
        defer { bar.clear() }
        try target.write([PortableLine.header.jsonLine])
        var cursor: String?
        repeat {
            let page = try await memory.exportPage(options, cursor: cursor, countMax: 64)
            try target.write(page.lines)
            state.memoryCount += page.lines.count
            bar.show(state)
            cursor = page.nextCursor
            if interruption.isPending { throw CancellationError() }
        } while cursor != nil
        try target.write([PortableLine.end(recordCount: state.memoryCount).jsonLine])
        return state.memoryCount
    }
}

/// Where an export goes: standard output, or a file that is written aside and renamed when it is complete.
private struct ExportTarget {
    private let path: String?
    private let handle: FileHandle?
    private(set) var byteCount = 0

    private var partialPath: String? { path.map { $0 + ".partial" } }

    init(path: String?) throws {
        self.path = path
        guard let path else {
            handle = nil
            return
        }
        // Memories are private: nobody else may read the file.
        let descriptor = open(path + ".partial", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StrataError(
                .storageFailure, "cannot write \(path).partial (\(String(cString: strerror(errno)))); name another file"
            )
        }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    mutating func write(_ lines: [String]) throws {
        guard !lines.isEmpty else { return }
        let text = lines.joined(separator: "\n") + "\n"
        byteCount += text.utf8.count
        guard let handle, let path else {
            Terminal.standardOutput.write(text)
            return
        }
        do {
            try handle.write(contentsOf: Data(text.utf8))
        } catch {
            throw Self.failure(path, error)
        }
    }

    func finish() throws {
        guard let handle, let path, let partialPath else { return }
        do {
            try handle.synchronize()
            try handle.close()
        } catch {
            throw Self.failure(path, error)
        }
        guard rename(partialPath, path) == 0 else {
            throw StrataError(.storageFailure, "cannot rename \(partialPath) (\(String(cString: strerror(errno))))")
        }
    }

    func discard() {
        if let partialPath { try? FileManager.default.removeItem(atPath: partialPath) }
    }

    private static func failure(_ path: String, _ error: any Error) -> StrataError {
        StrataError(
            .storageFailure, "cannot write \(path) to its end; free space on that disk and export again", cause: error)
    }
}
