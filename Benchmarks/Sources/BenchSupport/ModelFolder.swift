internal import Foundation
public import Strata

/// Where the model of a benchmark lies. It is always named, so that the engine and its Python peer run the same file.
public struct ModelFolder: Sendable {
    /// The folder with `model.onnx`, `tokenizer.json` and the card.
    public let path: String

    /// The folder that was named, or the default model in `STRATA_HOME` (else `~/.local/share/strata`).
    ///
    /// - Throws: when there is no model file.
    public init(named: String?) throws {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["STRATA_HOME"] ?? (environment["HOME"] ?? "") + "/.local/share/strata"
        path = named ?? home + "/models/all-MiniLM-L6-v2-int8"
        guard FileManager.default.fileExists(atPath: path + "/model.onnx") else {
            throw CommandLineOptions.UsageError(
                "there is no model.onnx in \(path); run Tools/setup, or name a model folder with --model")
        }
    }

    /// The choice that opens this folder.
    public var choice: ModelChoice { .folder(path) }

    /// The folder's own name.
    public var name: String { URL(fileURLWithPath: path).lastPathComponent }
}
