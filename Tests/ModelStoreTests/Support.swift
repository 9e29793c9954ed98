import COnnxRuntime
import Foundation
import ModelStore
import StrataCore
import StrataTesting
import Synchronization
import TextModels

/// A folder that goes away with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "model-store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = URL(fileURLWithPath: path).appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }
}

/// An environment whose pauses pass at once and are noted.
final class Pauses: Sendable {
    private let noted = Mutex<[Duration]>([])
    let clock = ManualClock()
    private let bits = SeededBits(seed: 7)

    var all: [Duration] { noted.withLock(\.self) }

    func environment(_ variables: [String: String] = [:]) -> TransferEnvironment {
        TransferEnvironment(
            variables: variables,
            pause: { [self] duration in
                noted.withLock { $0.append(duration) }
                clock.advance(by: duration)
                try Task.checkCancellation()
            },
            randomBits: { [bits] in bits.next() }, now: { [clock] in clock.now })
    }
}

/// A model's files as a repository holds them; the weights are noise, for nothing here runs them.
struct SampleModel: Sendable {
    var files: [String: [UInt8]] = [:]
    let weights: [UInt8]
    let commit = String(repeating: "c0ffee12", count: 5)

    init(weightCount: Int = 300_000, statesDigest: Bool = true, seed: UInt64 = 1) {
        var generator = SeededGenerator(seed: seed)
        weights = (0..<weightCount / 8).flatMap { _ in
            let bits = generator.next()
            return (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
        }
        files["onnx/model.onnx"] = weights
        files["tokenizer.json"] = Array("{\"model\":{}}".utf8)
        files["README.md"] = Array("words".utf8)
        files["strata-model.json"] = Self.card(digest: statesDigest ? Self.digest(weights) : nil)
    }

    static func digest(_ bytes: [UInt8]) -> String {
        // The C function: Swift's own is slow without optimisation.
        var hash = StrataSHA256()
        strata_sha256_begin(&hash)
        bytes.withUnsafeBytes { strata_sha256_update(&hash, $0.baseAddress, $0.count) }
        var digest = [UInt8](repeating: 0, count: 32)
        strata_sha256_finish(&hash, &digest)
        return SHA256.Digest(bytes: digest)?.description ?? ""
    }

    static func card(name: String = "sample", digest: String? = nil, model: String = "model.onnx") -> [UInt8] {
        let sha = digest.map { "\"sha256\": \"\($0)\"," } ?? ""
        return Array(
            """
            {"schemaVersion": 1, "name": "\(name)", "kind": "embedding", "precision": "noise", "source": "a test",
             "license": "CC0-1.0", "files": {"model": "\(model)", "tokenizer": "tokenizer.json"}, \(sha)
             "pooling": "mean", "normalize": true, "queryPrefix": "", "documentPrefix": "", "tokenCountMax": 8,
             "paddingSide": "right", "dimension": 4, "batchInvariant": true,
             "selfTest": {"tolerance": 0.1, "pairs": [{"first": "a", "second": "b", "cosine": 0.5}]}}
            """.utf8)
    }

    /// The hub's list of files, the weights with their hash.
    func listing(weightsDigest: String? = nil, sizes: Bool = true) -> [UInt8] {
        let siblings = files.sorted { $0.key < $1.key }.map { path, bytes in
            let size = sizes ? ", \"size\": \(bytes.count)" : ""
            let digest = weightsDigest ?? Self.digest(bytes)
            let lfs = path.hasSuffix(".onnx") ? ", \"lfs\": {\"sha256\": \"\(digest)\", \"size\": \(bytes.count)}" : ""
            return "{\"rfilename\": \"\(path)\"\(size)\(lfs)}"
        }
        return Array("{\"sha\": \"\(commit)\", \"siblings\": [\(siblings.joined(separator: ","))]}".utf8)
    }

    /// The file that a request is for.
    func file(of request: MisbehavingServer.Request) -> (path: String, bytes: [UInt8])? {
        files.first { request.path.hasSuffix("/resolve/\(commit)/\($0.key)") }.map { ($0.key, $0.value) }
    }

    /// Answers as a hub that behaves, ranges included.
    func serve(_ exchange: MisbehavingServer.Exchange) {
        if exchange.request.path.hasPrefix("/api/models/team/sample/revision/main") {
            return exchange.answer(200, ["Content-Type": "application/json"], listing())
        }
        guard let (_, bytes) = file(of: exchange.request) else { return exchange.answer(404) }
        let tag = "\"\(Self.digest(bytes).prefix(16))\""
        if let start = Self.rangeStart(exchange.request), exchange.request.headers["if-range"] == tag {
            guard start < bytes.count else { return exchange.answer(416) }
            let range = "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"
            return exchange.answer(206, ["ETag": tag, "Content-Range": range], Array(bytes[start...]))
        }
        exchange.answer(200, ["ETag": tag], bytes)
    }

    static func rangeStart(_ request: MisbehavingServer.Request) -> Int? {
        request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) }
    }
}

/// Counts calls by name.
final class Counter: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    /// How often this name has been given, this time included.
    func next(_ name: String = "") -> Int {
        counts.withLock { counts in
            counts[name, default: 0] += 1
            return counts[name] ?? 0
        }
    }
}

/// The error that a call ends with; nil when it ends well.
func failure(_ call: () async throws -> Void) async -> StrataError? {
    do {
        try await call()
        return nil
    } catch {
        return error as? StrataError
    }
}
