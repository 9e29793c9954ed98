import Foundation
import StrataCore
import Testing

@testable import TextModels

struct EncoderGraphTests {
    private func graph(_ name: String, edit: (inout [String: Any]) -> Void = { _ in }) throws -> EncoderGraph {
        let session = try OnnxSession(runtime: try Installed.runtime(), modelAt: fixture(name))
        let card = try ModelCardTests.card { fields in
            fields["dimension"] = 4
            edit(&fields)
        }
        return try EncoderGraph(inputs: session.inputs, outputs: session.outputs, card: card)
    }

    @Test func inputsAreMatchedByName() throws {
        let graph = try graph("states")
        #expect(graph.inputs.feeds == [.tokenIDs, .attentionMask])
        #expect(graph.outputIndex == 0 && graph.inputs.rowCountMax == nil)
    }

    @Test func anUnknownInputIsNamed() async throws {
        let error = try await failure(.modelInvalid) { _ = try graph("unknown-input") }
        #expect(error.message.contains("past_key_values.0.key"))
    }

    @Test func aFixedSequenceIsRefused() async throws {
        let error = try await failure(.modelInvalid) { _ = try graph("fixed-shape") }
        #expect(error.message.contains("[1, 64]"))
    }

    @Test func twoFittingOutputsNeedTheCardsChoice() async throws {
        let error = try await failure(.modelInvalid) { _ = try graph("two-outputs") }
        #expect(error.message.contains("token_states") && error.message.contains("other_states"))
        #expect(try graph("two-outputs") { $0["output"] = "other_states" }.outputIndex == 1)
        let unknown = try await failure(.modelInvalid) { _ = try graph("two-outputs") { $0["output"] = "third" } }
        #expect(unknown.message.contains("third"))
    }

    @Test func aPooledOutputNeedsPoolingNone() async throws {
        _ = try await failure(.modelInvalid) { _ = try graph("pooled") }
        #expect(try graph("pooled") { $0["pooling"] = "none" }.outputIndex == 0)
    }

    @Test func aGraphWithoutFloatOutputIsRefused() async throws {
        let error = try await failure(.modelInvalid) { _ = try graph("no-float-output") }
        #expect(error.message.contains("ranks"))
    }

    @Test func anotherDimensionThanTheCardsIsRefused() async throws {
        let error = try await failure(.modelInvalid) { _ = try graph("states") { $0["dimension"] = 5 } }
        #expect(error.message.contains("4") && error.message.contains("5"))
    }
}
