internal import ArgumentParser
internal import OwnerLink
internal import Strata

/// `strata list`
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List records in the order in which they were stored, a page at a time.")

    @Option(help: "How many records a page holds, 1 through 1000.")
    var limit = 50

    @Option(help: "Where the page starts: the cursor that the page before has named.")
    var cursor: String?

    @OptionGroup(title: "Which records") var filter: FilterOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let matching = try filter.filterWithLayers()
        let page = try await common.withMemory(.init(model: false)) { memory in
            try await memory.list(in: common.namespaceName, matching: matching, cursor: cursor, limit: limit)
        }
        if output.json {
            try output.result(json: page)
            return
        }
        let width = Terminal.standardOutput.width
        for record in page.records { output.result(RecordView(record, style: output.style).line(width: width)) }
        if page.records.isEmpty { output.note("no records") }
        if let next = page.nextCursor { output.note("more: strata list --cursor \(next)") }
    }
}
