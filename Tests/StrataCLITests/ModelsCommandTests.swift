import Foundation
import StrataCore
import Testing

@Suite struct ModelsCommandTests {
    /// A home whose store is empty, or holds the installed model by a link.
    private func home(_ strata: Strata) throws -> String { strata.scratch.path + "/home" }

    /// A model's folder whose weights are noise: enough for everything but running it.
    private func noise(_ strata: Strata) throws -> String {
        let card = """
            {"schemaVersion": 1, "name": "noise", "kind": "embedding", "precision": "none", "source": "a test",
             "license": "CC0-1.0", "files": {"model": "model.onnx", "tokenizer": "tokenizer.json"},
             "pooling": "mean", "normalize": true, "queryPrefix": "", "documentPrefix": "", "tokenCountMax": 8,
             "paddingSide": "right", "dimension": 4, "batchInvariant": true,
             "selfTest": {"tolerance": 0.1, "pairs": [{"first": "a", "second": "b", "cosine": 0.5}]}}
            """
        _ = try strata.scratch.write("noise/model.onnx", "noise")
        _ = try strata.scratch.write("noise/tokenizer.json", "{}")
        _ = try strata.scratch.write("noise/strata-model.json", card)
        return strata.scratch.path + "/noise"
    }

    @Test func aModelIsImportedListedVerifiedAndRemoved() async throws {
        let strata = try Strata()
        let environment = ["STRATA_HOME": try home(strata)]
        let source = try noise(strata)
        #expect(try await strata.run("models", "list", environment: environment).out.isEmpty)
        let imported = try await strata.run("models", "import", source, "--json", environment: environment)
        #expect(imported.status == 0)
        #expect(try imported.json[0]["name"] == "noise")
        let again = try await strata.run("models", "import", source, "--json", environment: environment)
        #expect(again.status == 4)
        #expect(try again.errorCode == "conflict")
        #expect(try await strata.run("models", "list", environment: environment).out.contains("4 dimensions"))
        #expect(try await strata.run("models", "verify", environment: environment).status == 0)
        _ = try strata.scratch.write("home/models/noise/model.onnx", "other")
        let changed = try await strata.run("models", "verify", "--json", environment: environment)
        #expect(changed.status == 6)
        #expect(try changed.errorCode == "corrupted")
        #expect(changed.out.contains("\"changed\""))
        #expect(try await strata.run("models", "remove", "noise", environment: environment).status == 0)
        let gone = try await strata.run("models", "remove", "noise", "--json", environment: environment)
        #expect(gone.status == 3)
        #expect(try gone.errorCode == "not_found")
    }

    @Test func pullNeedsAHubAndOfflineSendsNothing() async throws {
        let strata = try Strata()
        let environment = ["STRATA_HOME": try home(strata), "STRATA_HUB": "", "HF_ENDPOINT": ""]
        let nowhere = try await strata.run("models", "pull", "team/noise", "--json", environment: environment)
        #expect(nowhere.status == 4 && nowhere.err.contains("STRATA_HUB"))
        let offline = try await strata.run(
            "models", "pull", "team/noise", "--offline", "--json", environment: environment)
        #expect(offline.status == 3)
        #expect(try offline.errorCode == "not_found")
        let closed = try await strata.run(
            "models", "pull", "no such/../name", "--hub", "http://127.0.0.1:9", "--json", environment: environment)
        #expect(closed.status == 4)
    }

    /// The vectors of a `.npy` file, which is read here as NumPy's format says.
    private func numpy(_ bytes: [UInt8]) throws -> (shape: String, numbers: [Float]) {
        #expect(Array(bytes.prefix(8)) == [0x93, 78, 85, 77, 80, 89, 1, 0])
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        #expect(start % 64 == 0)
        let header = String(decoding: bytes[10..<start], as: UTF8.self)
        let numbers = stride(from: start, to: bytes.count, by: 4).map { place in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) })
        }
        return (header, numbers)
    }

    @Test(.enabled(if: Strata.hasModel)) func embedGivesTheSameVectorsInEveryForm() async throws {
        let strata = try Strata(model: nil)
        let input = Array("That is a happy person\n\nThat is a happy dog\n".utf8)
        let lines = try await strata.run("embed", input: input).json
        #expect(lines.count == 2 && lines[1]["line"] == 3 && lines[1]["index"] == 1)
        func vector(_ line: JSONValue) -> [Double] {
            guard case .array(let numbers)? = line["embedding"] else { return [] }
            return numbers.compactMap {
                switch $0 {
                case .number(let number): number
                case .integer(let number): Double(number)
                default: nil
                }
            }
        }
        let (first, second) = (vector(lines[0]), vector(lines[1]))
        #expect(first.count == 384)
        let cosine = zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(cosine - 0.6961) < 0.003)  // the card's own pair
        let path = try strata.scratch.write("texts.txt", bytes: input)
        for format in ["f32", "npy"] {
            let target = strata.scratch.path + "/out.\(format)"
            let child = try strata.child(
                ["-c", "exec \"$0\" embed \"$1\" --format \(format) > \"$2\"", Strata.executable.path, path, target],
                of: URL(fileURLWithPath: "/bin/sh"))
            try child.start()
            child.closeInput()
            #expect(try await child.outcome().status == 0)
            let bytes = [UInt8](try #require(FileManager.default.contents(atPath: target)))
            let header = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 384), }".utf8)
            if format == "npy" {
                let (text, numbers) = try numpy(bytes)
                #expect(text.hasPrefix(String(decoding: header, as: UTF8.self)))
                #expect(zip(numbers, first + second).allSatisfy { abs(Double($0) - $1) < 1e-6 })
            } else {
                #expect(bytes.count == 2 * 384 * 4)
            }
        }
    }

    @Test(.enabled(if: Strata.hasModel)) func fewerDimensionsHaveUnitLengthAgain() async throws {
        let strata = try Strata(model: nil)
        let line = try await strata.run("embed", "--dimensions", "64", input: Array("a text".utf8)).json[0]
        guard case .array(let numbers)? = line["embedding"] else { throw CancellationError() }
        let values = numbers.map { if case .number(let number) = $0 { number } else { 0.0 } }
        #expect(values.count == 64 && abs(values.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        let tooMany = try await strata.run("embed", "--dimensions", "500", "--json", input: Array("a".utf8))
        #expect(tooMany.status == 4)
    }

    @Test(.enabled(if: Strata.hasModel)) func benchTellsSpeedAgreementAndQuality() async throws {
        let strata = try Strata(model: nil)
        _ = try strata.scratch.write(
            "sample/conversation.jsonl",
            "{\"text\": \"The dog is happy.\"}\n{\"text\": \"It rains today.\"}\n{\"text\": \"Two plus two is four.\"}\n"
        )
        _ = try strata.scratch.write(
            "sample/questions.jsonl",
            "{\"question\": \"How is the weather?\", \"answers\": [2]}\n{\"question\": \"Which animal?\", \"answers\": [1]}\n"
        )
        let outcome = try await strata.run(
            "models", "bench", "all-MiniLM-L6-v2-int8", "--seconds", "0.05", "--quality",
            strata.scratch.path + "/sample", "--json")
        #expect(outcome.status == 0, "\(outcome.err)")
        let report = try outcome.json[0]
        #expect(report["quality"]?["queryCount"] == 2 && report["groups"]?.count == 3)
        #expect(report["quality"]?["recallAt10"] == 1)
        #expect(report["tuning"]?["tokenBudget"]?.integer ?? 0 > 0)
        let bad = try await strata.run("models", "bench", "--quality", strata.scratch.path, "--json")
        #expect(bad.status == 3)
    }
}
