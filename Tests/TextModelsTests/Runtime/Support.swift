import Foundation
import StrataCore
import Testing

@testable import TextModels

/// What tests need of `$STRATA_HOME`; without it they fail and say what to run.
enum Installed {
    static let models = ["all-MiniLM-L6-v2-int8", "all-MiniLM-L6-v2"]

    /// The folder of a model.
    static func folder(_ model: String = models[0]) throws -> String {
        let path = try StrataHome.modelFolder(named: model)
        try #require(
            FileManager.default.fileExists(atPath: path), "no model at \(path): run make setup (Tools/setup --test)")
        return path
    }

    /// The models that are there, the default one at least.
    static func present() throws -> [String] {
        _ = try folder()
        return try models.filter {
            FileManager.default.fileExists(atPath: try StrataHome.modelFolder(named: $0))
        }
    }

    /// A file of the reference vectors.
    static func golden(_ name: String, of model: String) throws -> Data {
        let home = try #require(StrataHome.path())
        let path = "\(home)/golden/\(model)/\(name)"
        return try #require(
            FileManager.default.contents(atPath: path),
            "no golden vectors at \(path): run make setup (Tools/setup --test)")
    }

    static func runtime() throws -> OnnxRuntime {
        do { return try OnnxRuntime.shared() } catch { throw Unavailable(cause: error) }
    }

    struct Unavailable: Error, CustomStringConvertible {
        let cause: any Error
        var description: String { "run make setup (Tools/setup): \(cause)" }
    }
}

/// A folder that is removed at the end.
final class ScratchFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("strata-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: Data, to name: String) throws {
        try bytes.write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    /// Copies the default model into this folder, its card changed by `edit`, its vocabulary cut down to what the tests'
    /// texts need: a whole one takes seconds to read in a debug build.
    func copyModel(edit: (inout [String: Any]) -> Void = { _ in }) throws {
        let source = try Installed.folder()
        try FileManager.default.copyItem(atPath: "\(source)/model.onnx", toPath: "\(path)/model.onnx")
        try write(Self.smallTokenizer(of: source), to: "tokenizer.json")
        var card = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: "\(source)/\(ModelCard.fileName)")))
        var fields = try #require(card as? [String: Any])
        edit(&fields)
        card = fields
        try write(JSONSerialization.data(withJSONObject: card), to: ModelCard.fileName)
    }
}

extension ScratchFolder {
    private static func smallTokenizer(of folder: String) throws -> Data {
        let words: Set = [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "that", "is", "a", "happy", "person", "dog", "very", "today",
            "sunny", "day", "and", "long", "row", "beside", "it", "hello", "there", "world", "general", "how", "do",
            "you", "find", "me", ":", ",",
        ]
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/tokenizer.json"))
        var root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        var model = try #require(root["model"] as? [String: Any])
        let vocabulary = try #require(model["vocab"] as? [String: Any])
        model["vocab"] = vocabulary.filter { words.contains($0.key) }
        root["model"] = model
        return try JSONSerialization.data(withJSONObject: root)
    }
}

/// One of the tiny graphs that Tools/models/make_fixtures.py writes.
func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: name, ofType: "onnx", inDirectory: "Fixtures"))
}

/// The error that a call throws, which has to be of that code.
func failure(_ code: StrataError.Code, of call: () async throws -> Void) async throws -> StrataError {
    let thrown = await #expect(throws: StrataError.self) { try await call() }
    let error = try #require(thrown)
    #expect(error.code == code)
    return error
}

func cosine(_ first: [Float], _ second: [Float]) -> Float {
    zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
}
