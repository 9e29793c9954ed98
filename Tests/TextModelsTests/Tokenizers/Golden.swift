import Foundation
import StrataCore
import Testing

@testable import TextModels

/// One call of the reference tokenizer and what it gave.
struct GoldenCase {
    var first: String
    var second: String?
    var tokenCountMax: Int
    var addSpecialTokens: Bool
    var cut: TruncationSide
    var expected: TokenizedText

    /// Reads the array that `Tools/golden/make_tokenizer_golden.py` writes for a case.
    init(_ section: JSONSection) throws {
        let parts = try section.elements()
        try #require(parts.count == 7 || parts.count == 8)
        cut = parts.count == 7 ? .end : .beginning
        first = try parts[0].string()
        second = parts[1].node == .null ? nil : try parts[1].string()
        tokenCountMax = try parts[2].integer()
        addSpecialTokens = try parts[3].bool()
        let ids = try parts[4].elements().map { try $0.id() }
        let typeIDs =
            parts[5].node == .null
            ? [Int32](repeating: 0, count: ids.count) : try parts[5].elements().map { try $0.id() }
        expected = TokenizedText(ids: ids, typeIDs: typeIDs, isTruncated: try parts[6].bool())
    }

    func run(_ tokenizer: Tokenizer) -> TokenizedText {
        if let second {
            tokenizer.encode(first, pairedWith: second, tokenCountMax: tokenCountMax, cut: cut)
        } else {
            tokenizer.encode(
                first, tokenCountMax: tokenCountMax, cut: cut, addSpecialTokens: addSpecialTokens)
        }
    }
}

/// The files that the tests compare with.
enum Golden {
    /// The lines of a file in the `Fixtures` folder beside this file.
    static func fixture(_ name: String) throws -> [JSONSection] {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
        return try lines(of: path)
    }

    /// A file of the golden folder that the set-up makes; its absence is a failure, not a reason to skip.
    static func setUpFile(_ name: String) throws -> URL {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["STRATA_HOME"] ?? NSHomeDirectory() + "/.local/share/strata"
        let path = URL(filePath: home).appending(path: "golden/text/\(name)")
        try #require(
            FileManager.default.fileExists(atPath: path.path),
            "\(path.path) is missing: run `make setup-test`, which makes it from pinned PyPI packages")
        return path
    }

    /// The lines of a file of JSON lines, or one of `count` equal shares of them.
    static func lines(of path: URL, count: Int = 1, _ share: Int = 0) throws -> [JSONSection] {
        let bytes = [UInt8](try Data(contentsOf: path))
        var sections: [JSONSection] = []
        var start = 0
        var index = 0
        // Unsafe, because the generic `split` takes minutes for such a file without optimisation.
        try bytes.withUnsafeBufferPointer { buffer in
            for end in 0..<buffer.count where buffer[end] == UInt8(ascii: "\n") {
                if index % count == share {
                    let node = try JSONReader.parse(Array(buffer.part(start..<end)))
                    sections.append(JSONSection(node: node, path: "\(path.lastPathComponent) line \(index + 1)"))
                }
                index += 1
                start = end + 1
            }
        }
        return sections
    }
}
