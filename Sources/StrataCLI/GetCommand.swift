internal import ArgumentParser
internal import OwnerLink
internal import Strata
internal import StrataCore

/// `strata get`
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show one record with everything that is known about it.")

    @Argument(help: "The record's id.")
    var id: RecordID

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let record = try await common.withMemory(.init(model: false)) { memory in
            try await memory.get(id, in: common.namespaceName)
        }
        guard let record else {
            throw StrataError(
                .notFound, "there is no record \(id) in namespace \(common.namespaceName); try strata list")
        }
        if output.json {
            try output.result(json: record)
        } else {
            output.result(RecordView(record, style: output.style).page)
        }
    }
}
