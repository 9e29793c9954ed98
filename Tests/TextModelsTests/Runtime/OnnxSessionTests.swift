import COnnxRuntime
import Foundation
import StrataCore
import Testing

@testable import TextModels

struct OnnxSessionTests {
    /// Runs a fixture on rows of ids, the mask all ones.
    private func run(_ name: String, _ rows: [[Int64]]) throws -> (numbers: [Float], shape: [Int]) {
        let session = try OnnxSession(runtime: try Installed.runtime(), modelAt: fixture(name))
        let ids = rows.flatMap(\.self)
        let mask = [Int64](repeating: 1, count: ids.count)
        return try ids.withUnsafeBufferPointer { ids in
            try mask.withUnsafeBufferPointer { mask in
                let bases = [try #require(ids.baseAddress), try #require(mask.baseAddress)]
                let tensors = bases.map {
                    OnnxSession.Tensor(
                        bytes: $0, byteCount: ids.count * 8, elementType: .int64,
                        shape: [rows.count, rows[0].count])
                }
                return try session.run(Array(tensors.prefix(session.inputs.count)), outputIndex: 0) { (Array($0), $1) }
            }
        }
    }

    @Test func inputsAndOutputsAreReadFromTheGraph() throws {
        let session = try OnnxSession(runtime: try Installed.runtime(), modelAt: fixture("states"))
        #expect(
            session.inputs == [
                .init(name: "input_ids", elementType: .int64, shape: [nil, nil]),
                .init(name: "attention_mask", elementType: .int64, shape: [nil, nil]),
            ])
        #expect(session.outputs == [.init(name: "token_states", elementType: .float32, shape: [nil, nil, 4])])
    }

    @Test(arguments: ["states", "half"])
    func aRunGivesTheGraphsNumbers(name: String) throws {
        let (numbers, shape) = try run(name, [[7, 0, 3], [1, 2, 100]])
        #expect(shape == [2, 3, 4])
        let ids: [Float] = [7, 0, 3, 1, 2, 100]
        #expect(numbers == ids.flatMap { id -> [Float] in [id, id + 1, -id, 1] })
    }

    @Test func aDamagedFileIsRefused() async throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: fixture("states")))
        let folder = try ScratchFolder()
        for count in [0, 1, whole.count / 2, whole.count - 1] {
            try folder.write(whole.prefix(count), to: "model.onnx")
            let error = try await failure(.modelInvalid) {
                _ = try OnnxSession(runtime: try Installed.runtime(), modelAt: "\(folder.path)/model.onnx")
            }
            #expect(error.message.contains("model.onnx"))
        }
    }

    @Test func aMissingFileIsRefused() async throws {
        _ = try await failure(.modelInvalid) {
            _ = try OnnxSession(runtime: try Installed.runtime(), modelAt: "/nowhere/model.onnx")
        }
    }

    @Test func halvesAreWidenedAsTheStandardSays() {
        // Every pattern against Swift's own Float16.
        let halves = (0...UInt16.max).map { $0 }
        var wide = [Float](repeating: 0, count: halves.count)
        strata_widen_float16(halves, halves.count, &wide)
        for (half, number) in zip(halves, wide) {
            let expected = Float(Float16(bitPattern: half))
            #expect(number == expected && number.sign == expected.sign || number.isNaN && expected.isNaN)
        }
    }

    @Test(arguments: [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000])
    func theFileHashEqualsTheCoresHash(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        var core = SHA256()
        bytes.withUnsafeBytes { core.update($0) }
        for firstPart in Set([0, 1, count / 2, count]).filter({ $0 <= count }) {
            var hash = StrataSHA256()
            strata_sha256_begin(&hash)
            bytes.withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress else { return }
                strata_sha256_update(&hash, base, firstPart)
                strata_sha256_update(&hash, base + firstPart, count - firstPart)
            }
            var digest = [UInt8](repeating: 0, count: 32)
            strata_sha256_finish(&hash, &digest)
            var reference = core
            #expect(digest == reference.finalize().bytes)
        }
    }
}
