import Foundation
import StrataCore
import Testing

@testable import TextModels

struct LongTextTests {
    private static let words = ["happy", "person", "dog", "very", "today", "sunny", "day", "and", "long", "row"]

    private func text(wordCount: Int, seed: UInt64) -> String {
        var random = SplitMix(state: seed)
        return (0..<wordCount).map { _ in Self.words[random.next(below: Self.words.count)] }.joined(separator: " ")
    }

    private func embedder(
        in scratch: ScratchFolder, _ longText: ModelCard.LongText? = nil, edit: (inout [String: Any]) -> Void = { _ in }
    ) async throws -> OnnxEmbedder {
        try scratch.copyModel(edit: edit)
        var options = OnnxEmbedder.Options()
        options.longText = longText
        return try await OnnxEmbedder.load(folder: scratch.path, options: options)
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func windowsCoverTheTextAndOverlapAsAsked(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let scratch = try ScratchFolder()
        try scratch.copyModel()
        let tokenizer = try Tokenizer(contentsOf: "\(scratch.path)/tokenizer.json")
        let prefix = random.next(below: 2) == 0 ? "" : "find: "
        let prefixIDs = tokenizer.encode(prefix, tokenCountMax: .max, addSpecialTokens: false).ids
        let (tokenCountMax, overlap) = (6 + random.next(below: 40), random.next(below: 12))
        let chunkCountMax = 1 + random.next(below: 12)
        let text = text(wordCount: random.next(below: 300), seed: seed)
        let ids = tokenizer.encode(text, tokenCountMax: .max, addSpecialTokens: false).ids
        let chunks = tokenizer.encodeChunks(
            text, prefix: prefix, tokenCountMax: tokenCountMax, overlap: overlap, chunkCountMax: chunkCountMax)
        #expect(chunks.count >= 1 && chunks.count <= chunkCountMax)
        let room = tokenCountMax - 2 - prefixIDs.count
        let shared = min(overlap, room - 1)
        var joined: [Int32] = []
        for (index, chunk) in chunks.enumerated() {
            #expect(chunk.ids.count <= tokenCountMax)
            #expect(chunk.ids.first == tokenizer.id(of: "[CLS]") && chunk.ids.last == tokenizer.id(of: "[SEP]"))
            #expect(chunk.ids.dropFirst().starts(with: prefixIDs))
            let body = chunk.ids.dropFirst(1 + prefixIDs.count).dropLast()
            if index > 0 { #expect(Array(joined.suffix(shared)) == Array(body.prefix(shared))) }
            joined += index == 0 ? body : body.dropFirst(shared)
            #expect(chunk.isTruncated == (index == chunks.count - 1 && joined.count < ids.count))
        }
        #expect(joined == Array(ids.prefix(joined.count)))
        #expect(joined.count == ids.count || chunks.count == chunkCountMax)
    }

    @Test func aLongTextIsTheWeightedMeanOfItsWindows() async throws {
        let scratch = try ScratchFolder()
        let embedder = try await embedder(in: scratch) { fields in
            fields["tokenCountMax"] = 12
            fields["chunkOverlap"] = 0
        }
        // Ten words fill a window beside the two special tokens.
        let windows = [text(wordCount: 10, seed: 1), text(wordCount: 10, seed: 2), text(wordCount: 3, seed: 3)]
        let whole = try await embedder.embed([windows.joined(separator: " "), windows[0]], as: .document)
        let parts = try await embedder.embed(windows, as: .document)
        #expect(parts.map(\.tokenCount) == [12, 12, 5])
        let sum = whole[0].vector.indices.map { index in
            parts.reduce(Float(0)) { $0 + Float($1.tokenCount) * $1.vector[index] }
        }
        #expect(cosine(sum, whole[0].vector) / cosine(sum, sum).squareRoot() > 0.99999)
        #expect(abs(cosine(whole[0].vector, whole[0].vector) - 1) < 1e-5)
        #expect(whole[0].chunkCount == 3 && whole[0].tokenCount == 29 && !whole[0].isTruncated)
        #expect(whole[1].chunkCount == 1 && cosine(whole[1].vector, parts[0].vector) > 0.9999)
    }

    @Test func theCallerOverridesTheCardAndTheFingerprintSaysSo() async throws {
        let scratch = try ScratchFolder()
        let chunking = try await embedder(in: scratch) { $0["tokenCountMax"] = 12 }
        var options = OnnxEmbedder.Options()
        options.longText = .truncate
        let cutting = try await OnnxEmbedder.load(folder: scratch.path, options: options)
        #expect(chunking.space == cutting.space && chunking.fingerprint != cutting.fingerprint)
        let text = text(wordCount: 100, seed: 5)
        let cut = try await cutting.embed([text, "happy dog"], as: .document)
        #expect(cut.map(\.isTruncated) == [true, false] && cut.map(\.chunkCount) == [1, 1])
        #expect(cut[0].tokenCount == 12)
        let whole = try await chunking.embed([text, "happy dog"], as: .document)
        #expect(whole.map(\.isTruncated) == [false, false] && whole[0].chunkCount > 8)
        #expect(cosine(whole[1].vector, cut[1].vector) > 0.9999)
    }

    @Test func theEndOfALongTextIsInItsVectorOnlyWhenItIsRead() async throws {
        let scratch = try ScratchFolder()
        let chunking = try await embedder(in: scratch)
        let head = text(wordCount: 400, seed: 8)
        let ends = [head + " sunny day today", head + " and very long row"]
        let whole = try await chunking.embed(ends, as: .document)
        #expect(whole[0].vector != whole[1].vector)
        var options = OnnxEmbedder.Options()
        options.longText = .truncate
        let cut = try await OnnxEmbedder.load(folder: scratch.path, options: options).embed(ends, as: .document)
        #expect(cosine(cut[0].vector, cut[1].vector) > 0.9999)
    }

    @Test func oppositeWindowsAreAnErrorInsteadOfAVectorWithoutLength() throws {
        let parts = [Float(1), -1].map { Embedding(vector: [$0, 0], tokenCount: 4, isTruncated: false) }
        let error = #expect(throws: StrataError.self) { try Embedding(averaging: parts) }
        #expect(error?.code == .inferenceFailed)
    }
}
