import Foundation
import StrataCore
import Testing

@testable import TextModels

struct StaticEmbedderTests {
    private struct Reference: Decodable {
        let text: String
        let vector: [Float]
    }

    private static let wordllama = "wordllama-l2-supercat-256"

    @Test(arguments: ["static-16", "static-10"])
    func aTableWithMappingAndWeightsGivesTheReferencesVectors(name: String) async throws {
        let folder = try FamilyTests.copy(name)
        let references: [Reference] = try FamilyTests.references(folder)
        let embedder = try await StaticEmbedder.load(folder: folder.path)
        let results = try await embedder.embed(references.map(\.text), as: .document)
        for (reference, result) in zip(references, results) {
            let difference = zip(result.vector, reference.vector).map { abs($0 - $1) }.max() ?? .infinity
            #expect(
                difference < 1e-5 && result.vector.count == embedder.space.dimension, "\(reference.text.prefix(20))")
        }
        #expect(references.count > 8)
    }

    @Test(.enabled(if: StaticEmbedderTests.isInstalled))
    func aRealTableGivesWhatItsOwnImplementationGives() async throws {
        let texts = try JSONDecoder().decode([String].self, from: Installed.golden("texts.json", of: Self.wordllama))
        let rows = try Installed.golden("vectors.f32", of: Self.wordllama)
        let embedder = try await StaticEmbedder.load(folder: Installed.folder(Self.wordllama), verification: .always)
        let results = try await embedder.embed(texts, as: .query)
        #expect(texts.count > 200 && rows.count == texts.count * 256 * 4)
        for (index, result) in results.enumerated() {
            let expected = rows.withUnsafeBytes { bytes in
                (0..<256).map { bytes.loadUnaligned(fromByteOffset: (index * 256 + $0) * 4, as: Float.self) }
            }
            let difference = zip(result.vector, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference < 1e-4, "text \(index)")
        }
    }

    /// The package with the table exists for one architecture only.
    private static var isInstalled: Bool {
        #if arch(x86_64)
            true
        #else
            false
        #endif
    }

    private func file(_ header: String, _ byteCount: Int = 0, length: UInt64? = nil) -> Data {
        var data = withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Data($0) }
        data.append(Data(header.utf8))
        data.append(Data(count: byteCount))
        return data
    }

    @Test func everyElementTypeIsRead() throws {
        let header = """
            {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},\
            "b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},"c":{"dtype":"F16","shape":[2],"data_offsets":[12,16]},\
            "d":{"dtype":"I8","shape":[2],"data_offsets":[16,18]},"e":{"dtype":"F64","shape":[1],"data_offsets":[18,26]},\
            "f":{"dtype":"I64","shape":[1],"data_offsets":[26,34]},"g":{"dtype":"U16","shape":[9],"data_offsets":[0,18]}}
            """
        var data = file(header)
        for number in [1.5, -2] as [Float] {
            withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
        for half in [0x3fc0, 0xc000, 0x3e00, 0xc000] as [UInt16] {
            withUnsafeBytes(of: half.littleEndian) { data.append(contentsOf: $0) }
        }
        data.append(contentsOf: [3, 0xfe])
        withUnsafeBytes(of: (0.25).bitPattern.littleEndian) { data.append(contentsOf: $0) }
        withUnsafeBytes(of: Int64(-7).littleEndian) { data.append(contentsOf: $0) }
        let read = try SafetensorsFile(data, named: "t")
        #expect(read.entries.keys.sorted() == ["a", "b", "c", "d", "e", "f"])
        func floats(_ name: String) throws -> [Float] { read.floats(of: try #require(read.entries[name])) }
        #expect(try floats("a") == [1.5, -2] && floats("b") == [1.5, -2] && floats("c") == [1.5, -2])
        #expect(try floats("d") == [3, -2] && floats("e") == [0.25] && floats("f") == [-7])
        #expect(read.integers(of: try #require(read.entries["f"])) == [-7])
        #expect(read.integers(of: try #require(read.entries["a"])) == nil)
    }

    @Test(
        arguments: [
            "", "{", "[]", "{\"a\":1}", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9223372036854775807]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}",
        ])
    func aHeaderThatLiesIsRefused(header: String) async throws {
        let error = try await failure(.modelInvalid) { _ = try SafetensorsFile(file(header, 8), named: "t") }
        #expect(error.message.contains("safetensors"))
    }

    @Test func aLengthBeyondTheFileAndEveryTruncationIsRefused() async throws {
        let good = file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8)
        _ = try SafetensorsFile(good, named: "t")
        for count in 0..<good.count {
            _ = try await failure(.modelInvalid) { _ = try SafetensorsFile(good.prefix(count), named: "t") }
        }
        for length in [UInt64.max, 1 << 63, 1 << 40] {
            _ = try await failure(.modelInvalid) { _ = try SafetensorsFile(file("{}", length: length), named: "t") }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func damagedBytesNeverReadOutsideTheFile(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let good = file("{\"embeddings\":{\"dtype\":\"I8\",\"shape\":[4,2],\"data_offsets\":[0,8]}}", 8)
        for _ in 0..<500 {
            var bad = good
            for _ in 0...random.next(below: 3) { bad[random.next(below: bad.count)] = UInt8(random.next(below: 256)) }
            guard let read = try? SafetensorsFile(bad, named: "t") else { continue }
            for entry in read.entries.values { #expect(read.floats(of: entry).count <= 8) }
            _ = try? TokenTable(read, named: "t", dimension: 2)
        }
    }

    @Test(
        arguments: [
            ("mapping", "{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[8,16]}"),
            ("weights", "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}"),
            ("other", "{\"dtype\":\"I8\",\"shape\":[2,4],\"data_offsets\":[8,16]}"),
        ])
    func aTableThatDoesNotFitItsPartsIsRefused(name: String, entry: String) async throws {
        var data = file(
            "{\"embeddings\":{\"dtype\":\"I8\",\"shape\":[4,2],\"data_offsets\":[0,8]},\"\(name)\":\(entry)}", 8)
        data.append(Data([9, 0, 0, 0, 0, 0, 0, 0]))
        let read = try SafetensorsFile(data, named: "t")
        _ = try await failure(.modelInvalid) { _ = try TokenTable(read, named: "t", dimension: 2) }
    }

    @Test func aTableWithNaNIsRefused() async throws {
        var data = file("{\"embeddings\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[0,8]}}", 8)
        let good = try TokenTable(SafetensorsFile(data, named: "t"), named: "t", dimension: 2)
        #expect(good.vector(of: [0, 1, 7, -1]) == nil)
        (data[data.count - 1], data[data.count - 2]) = (0x7e, 0)
        let read = try SafetensorsFile(data, named: "t")
        let error = try await failure(.modelInvalid) { _ = try TokenTable(read, named: "t", dimension: 2) }
        #expect(error.message.contains("NaN"))
    }

    @Test func everyCardOfTheRepositoryCanBeRead() throws {
        let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../../Models")
        let names = try FileManager.default.contentsOfDirectory(atPath: models.path)
        var kinds: [ModelCard.Kind: Int] = [:]
        for name in names {
            let card = try ModelCard(
                json: [UInt8](Data(contentsOf: models.appending(path: "\(name)/\(ModelCard.fileName)"))))
            #expect(card.name == name)
            kinds[card.kind, default: 0] += 1
        }
        #expect(kinds == [.embedding: 9, .static: 1, .reranker: 4])
    }
}
