internal import ArgumentParser
internal import OwnerLink
internal import Strata
internal import StrataCore

/// `strata forget`
struct ForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Remove records everywhere: text, vector, keyword index and history.",
        discussion: """
            Name records by id, by a filter, or --all of the namespace. A filter and --all ask for a confirmation, or \
            take --yes. What is forgotten cannot be brought back.
            """)

    @Argument(help: "The ids of the records.")
    var ids: [RecordID] = []

    @Flag(help: "Forget the whole namespace.")
    var all = false

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Only say how many records would go.")
    var dryRun = false

    @Flag(
        help: """
            Also rewrite what holds words of forgotten records until it is merged, so that nothing of them is left in \
            the data directory. May be given alone.
            """)
    var compact = false

    @OptionGroup(title: "Which records") var filter: FilterOptions
    @OptionGroup var common: CommonOptions

    private struct DryRun: Encodable {
        let dryRun = true
        let recordCount: Int
    }

    func run() async throws {
        let output = common.output
        let namespace = common.namespaceName
        if compact, !dryRun, ids.isEmpty, !all, try filter.filterWithLayers() == nil {
            try await common.withMemory(.init(model: false)) { try await compact($0, output) }
            return
        }
        let target = try target()
        try await common.withMemory(.init(model: false)) { memory in
            if case .ids(let ids) = target {
                try await forget(ids, in: namespace, memory, output)
                if compact, !dryRun { try await compact(memory, output) }
                return
            }
            let count = try await memory.count(of: target, in: namespace)
            if dryRun {
                try report(count, output)
                return
            }
            if count > 0 { try confirm(count, namespace) }
            try report(try await memory.forget(target, in: namespace), output)
            if compact { try await compact(memory, output) }
        }
    }

    private func compact(_ memory: any MemoryClient, _ output: Output) async throws {
        let receipt = try await memory.compact()
        if output.json { return try output.result(json: receipt) }
        let sizes = "\(DisplayText.bytes(receipt.fileBytesBefore)) to \(DisplayText.bytes(receipt.fileBytes))"
        output.result("compacted the files from \(sizes)")
        if !receipt.isComplete { output.warning("a read kept a part of the log; run `strata forget --compact` again") }
    }

    /// Exactly one way of naming records.
    private func target() throws -> ForgetTarget {
        let condition = try filter.filterWithLayers()
        switch (ids.isEmpty, condition, all) {
        case (false, nil, false): return .ids(ids)
        case (true, let condition?, false): return .filter(condition)
        case (true, nil, true): return .everything
        case (true, nil, false):
            throw UsageError("name what to forget: ids, a filter, or --all")
        default:
            throw UsageError("ids, a filter and --all exclude one another; give one of them")
        }
    }

    /// As `rm` does, names the ids that were not there, forgets the others and then says that something was missing.
    private func forget(
        _ ids: [RecordID], in namespace: String, _ memory: any MemoryClient, _ output: Output
    ) async throws {
        var missing: [RecordID] = []
        for id in ids where try await memory.get(id, in: namespace) == nil { missing.append(id) }
        if dryRun {
            try report(try await memory.count(of: .ids(ids), in: namespace), output)
        } else {
            try report(try await memory.forget(.ids(ids), in: namespace), output)
        }
        guard missing.isEmpty else {
            let names = missing.map(\.description).joined(separator: ", ")
            throw StrataError(.notFound, "there is no record \(names) in namespace \(namespace)")
        }
    }

    private func confirm(_ count: Int, _ namespace: String) throws {
        guard !yes else { return }
        let records = DisplayText.count(count, "record")
        guard Terminal.standardInput.isTerminal, Terminal.standardError.isTerminal else {
            throw UsageError("\(records) of namespace \(namespace) would be forgotten; say --yes to do it")
        }
        Terminal.standardError.write("Forget \(records) of namespace \(namespace) for good? [y/N] ")
        let answer = (readLine() ?? "").lowercased()
        guard answer == "y" || answer == "yes" else {
            common.output.note("nothing was forgotten")
            throw ExitCode(ExitStatus.failure.rawValue)
        }
    }

    private func report(_ count: Int, _ output: Output) throws {
        if output.json {
            try output.result(json: DryRun(recordCount: count))
        } else {
            output.result("would forget \(DisplayText.count(count, "record"))")
        }
    }

    private func report(_ receipt: ForgetReceipt, _ output: Output) throws {
        if output.json {
            try output.result(json: receipt)
        } else {
            output.result(
                """
                forgot \(DisplayText.count(receipt.recordCount, "record")), \
                \(DisplayText.count(receipt.vectorCount, "vector")), \
                \(DisplayText.count(receipt.keywordCount, "keyword row")), \
                \(DisplayText.count(receipt.historyCount, "history text"))
                """)
        }
    }
}
