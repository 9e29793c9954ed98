internal import Foundation

/// The same model under Python's onnxruntime and tokenizers, in a process of its own that waits while others run.
@MainActor
final class PythonPeer {
    /// One timed pass over the texts of a set.
    struct Run: Decodable {
        let seconds: Double
    }

    /// What the peer is and how long the texts are.
    struct Loaded: Decodable {
        let versions: String
        let tokens: [String: Int]
    }

    /// How a pass orders the texts.
    enum Order: String, CaseIterable {
        /// Batches of 64 as the texts come, each padded to its longest, as fastembed does.
        case arrival
        /// Batches of 64 from the texts sorted by length.
        case sorted
    }

    private struct Failure: Decodable { let error: String }

    private let python: String
    private let script: String
    private let model: String
    private let process = Process()
    private let requests = Pipe()
    private let replies = Pipe()
    private var pending = Data()

    init(python: String?, script: String, model: String) {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["STRATA_HOME"] ?? (environment["HOME"] ?? "") + "/.local/share/strata"
        let prepared = home + "/tools-venv/bin/python"
        self.python = python ?? (FileManager.default.isExecutableFile(atPath: prepared) ? prepared : "python3")
        self.script = script
        self.model = model
    }

    /// Starts the process and gives it its texts.
    ///
    /// - Throws: ``Unavailable`` with the reason when there is no such Python or it lacks a package.
    func load(_ texts: [String: [String]], in folder: String) throws -> Loaded {
        let file = folder + "/peer-texts.json"
        try JSONEncoder().encode(texts).write(to: URL(fileURLWithPath: file))
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [python, script, model, file]
        process.standardInput = requests
        process.standardOutput = replies
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw Unavailable(reason: "\(python) cannot be started")
        }
        return try reply()
    }

    /// Embeds a set; a file, when one is named, receives the vectors as 32-bit floats.
    func run(_ set: String, _ order: Order, vectorFile: String? = nil) throws -> Run {
        let request = [set, order.rawValue, vectorFile].compactMap { $0 }.joined(separator: " ")
        try requests.fileHandleForWriting.write(contentsOf: Data((request + "\n").utf8))
        return try reply()
    }

    /// The vectors of texts, one after another.
    func vectors(of texts: [String], in folder: String) throws -> [Float] {
        _ = try load(["base": texts], in: folder)
        defer { stop() }
        let file = folder + "/peer-vectors"
        _ = try run("base", .sorted, vectorFile: file)
        return try Data(contentsOf: URL(fileURLWithPath: file)).withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: MemoryLayout<Float>.size).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
            }
        }
    }

    func stop() {
        try? requests.fileHandleForWriting.close()
        if process.isRunning { process.waitUntilExit() }
    }

    /// Why there is no peer.
    struct Unavailable: Error {
        let reason: String
    }

    private func reply<Reply: Decodable>() throws -> Reply {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = pending[..<end]
                pending = pending[pending.index(after: end)...]
                if let failure = try? JSONDecoder().decode(Failure.self, from: line) {
                    throw Unavailable(reason: failure.error)
                }
                return try JSONDecoder().decode(Reply.self, from: line)
            }
            let more = replies.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Unavailable(reason: "\(python) ended without an answer") }
            pending.append(more)
        }
    }
}
