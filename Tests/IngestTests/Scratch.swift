import Foundation
import Ingest

/// A folder that is removed with its value.
final class Scratch {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("strata-ingest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ path: String, _ bytes: some Sequence<UInt8>) throws {
        let file = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.appendingPathComponent(path).path, withDestinationPath: target)
    }

    /// All events of one file with that content.
    func events(
        _ bytes: some Sequence<UInt8>, _ format: IngestFormat, _ options: IngestOptions = IngestOptions()
    ) throws -> [IngestEvent] {
        try write("file", bytes)
        let file = folder.appendingPathComponent("file").path
        return Array(try FileIngest(file: file, path: "file", format: format, options: options))
    }

    func items(
        _ text: String, _ format: IngestFormat, _ options: IngestOptions = IngestOptions()
    ) throws -> [IngestItem] {
        try events(text.utf8, format, options).compactMap(\.item)
    }
}

extension IngestEvent {
    var item: IngestItem? { if case .item(let item) = self { item } else { nil } }
    var problem: IngestProblem? { if case .problem(let problem) = self { problem } else { nil } }
}

extension String {
    /// The words between white space.
    var words: [String] { split(whereSeparator: \.isWhitespace).map(String.init) }
}
