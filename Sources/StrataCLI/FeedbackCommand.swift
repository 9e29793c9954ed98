internal import ArgumentParser
internal import Strata
internal import StrataCore

/// `strata feedback`
struct FeedbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feedback",
        abstract: "Say whether a recalled memory helped; it counts in what the memory is worth.")

    @Argument(help: "The record's id.")
    var id: RecordID

    @Flag(help: "It helped.")
    var useful = false

    @Flag(help: "It was beside the point or wrong.")
    var notUseful = false

    @OptionGroup var common: CommonOptions

    private struct Answer: Encodable {
        let record: MemoryRecord
        let value: Double
    }

    func run() async throws {
        guard useful != notUseful else { throw UsageError("say --useful or --not-useful") }
        let output = common.output
        let answer = try await common.withEngine(.init(model: false)) { engine in
            let record = try await engine.feedback(
                id, useful ? .useful : .notUseful, in: common.namespaceName)
            return Answer(record: record, value: try await engine.value(of: id, in: common.namespaceName))
        }
        if output.json {
            try output.result(json: answer)
        } else {
            output.result("\(id) value \(DisplayText.number(answer.value, decimals: 2))")
        }
    }
}

/// `strata pin`
struct PinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin", abstract: "Keep a record from expiry and eviction, or no longer.")

    @Argument(help: "The record's id.")
    var id: RecordID

    @Flag(help: "Unpin it.")
    var off = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let record = try await common.withEngine(.init(model: false)) { engine in
            try await engine.pin(id, !off, in: common.namespaceName)
        }
        if output.json {
            try output.result(json: record)
        } else {
            output.result("\(id) \(record.pinned ? "pinned" : "not pinned")")
        }
    }
}
