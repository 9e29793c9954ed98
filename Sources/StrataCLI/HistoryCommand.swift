internal import ArgumentParser
internal import Strata
internal import StrataCore

/// `strata history`
struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show what happened to a record, oldest first, with the reasons of promotion and expiry.")

    @Argument(help: "The record's id; it may be forgotten.")
    var id: RecordID

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let changes = try await common.withEngine(.init(model: false)) { engine in
            try await engine.history(of: id, in: common.namespaceName)
        }
        guard !changes.isEmpty else {
            throw StrataError(.notFound, "there never was a record \(id) in namespace \(common.namespaceName)")
        }
        for change in changes {
            if output.json {
                try output.result(json: change)
            } else {
                let reason = change.reason.map { "  \($0)" } ?? ""
                output.result("\(change.number)  \(change.at)  \(change.operation.rawValue)\(reason)")
            }
        }
    }
}
