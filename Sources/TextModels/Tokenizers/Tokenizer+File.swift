import Foundation
import StrataCore

extension Tokenizer {
    /// Reads a tokenizer from a `tokenizer.json`.
    ///
    /// - Throws: ``StrataError/Code/notFound`` when the file cannot be read, else as ``init(json:)`` does.
    public init(contentsOf path: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw StrataError(
                .notFound, "cannot read the tokenizer \(path); check the path or set the model up again", cause: error)
        }
        try self.init(json: [UInt8](data))
    }
}
