import Foundation
import Ingest
import StrataCore
import StrataTesting
import Testing
import TextModels
import VectorSearch

/// Readers of files against files that nobody should have written. Backups have theirs in BackupTests.
@Suite struct FileFuzzTests {
    @Test func tokenizerFiles() throws {
        let lines = try String(
            contentsOf: Fuzz.fixture("TextModelsTests/Tokenizers/Fixtures/subword-components.jsonl"), encoding: .utf8
        ).split(separator: "\n")
        var samples: [[UInt8]] = []
        for line in lines {
            guard case .object(let members) = try JSONValue(jsonText: String(line)) else { continue }
            if let file = members["tokenizer"] { samples.append(Array(file.jsonText.utf8)) }
        }
        let text = "Hello wörld, 日本語 <unk> 3.14 ▁x " + String(repeating: "ab", count: 50)
        try Fuzz.run(samples) { input in
            // A file that is still read must also still be usable.
            _ = try Tokenizer(json: input).encode(text, tokenCountMax: 64)
        }
    }

    @Test func modelCards() throws {
        let folder = Fuzz.fixture("../Models")
        let samples = try ["all-MiniLM-L6-v2", "all-MiniLM-L6-v2-int8"].map {
            Array(try Data(contentsOf: folder.appending(path: "\($0)/strata-model.json")))
        }
        try Fuzz.run(samples) { _ = try ModelCard(json: $0) }
    }

    @Test(arguments: [IngestFormat.jsonLines, .markdown, .plainText])
    func ingestedFiles(format: IngestFormat) throws {
        let scratch = try Scratch()
        let samples = [
            """
            {"text":"one","speaker":"Nora","tags":["a","b"],"occurredAt":"2026-05-01T10:00:00Z","metadata":{"k":[1,2]}}
            {"id":"7","content":"two","importance":0.5,"layer":"assets","source":"user"}
            """,
            """
            ---
            title: Notes
            tags: [a, b]
            ---
            # Head

            A paragraph with *words* and `code`.

            - a list
            - of things

            ```swift
            let x = 1
            ```

            | a | b |
            |---|---|
            | 1 | 2 |
            """,
            String(repeating: "Plain text without an end ", count: 80),
        ].map { Array($0.utf8) }
        let file = scratch.path + "/file"
        try Fuzz.run(samples, isExpected: { $0 is IngestProblem }) { input in
            try Data(input).write(to: URL(filePath: file))
            var itemBytes = 0
            var problem: IngestProblem?
            for event in try FileIngest(file: file, path: "file", format: format) {
                switch event {
                case .item(let item): itemBytes += item.text.utf8.count
                case .problem(let found): problem = found
                case .omission: break
                }
            }
            // Overlaps and headings may repeat words, but not without bound.
            #expect(itemBytes <= 64 * (input.count + 64))
            if let problem { throw problem }
        }
    }

    @Test func filters() throws {
        let samples = [
            #"{"tags":{"any":["health","food"]},"occurredAt":{"gte":"2026-05-01","lt":"2026-06-01"}}"#,
            #"{"or":[{"kind":"fact"},{"not":{"pinned":true}},{"metadata.a.b":{"gt":3}}],"layer":["insights"]}"#,
            #"{"and":[{"importance":{"gte":0.5}},{"metadata.k":{"in":[1,"x",null]}}]}"#,
        ].map { Array($0.utf8) }
        try Fuzz.run(samples) { input in
            let filter = try Filter(json: JSONValue(jsonText: String(decoding: input, as: UTF8.self)))
            try filter.checkStorable()
        }
    }

    @Test func indexFiles() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/graph.index"
        var random = SeededGenerator(seed: 1)
        var options = GraphOptions()
        options.exactRowsMax = 0
        let count = 60
        let snapshot = VectorSnapshot(
            change: 1, keys: (1...count).map { RecordKey($0) }, tags: [UInt8](repeating: 1, count: count),
            components: random.vector(dimension: 16 * count))
        try GraphIndex(snapshot: snapshot, dimension: 16, options: options).save(to: path, change: 7)
        let whole = Array(try Data(contentsOf: URL(filePath: path)))
        let query = random.vector(dimension: 16)
        try Fuzz.run([whole]) { input in
            try Data(input).write(to: URL(filePath: path))
            _ = try GraphIndex.open(path, options: options).index.search(query, limit: 10, filter: .none)
        }
    }
}
