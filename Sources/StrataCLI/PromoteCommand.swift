internal import ArgumentParser
internal import Strata
internal import StrataCore

/// `strata promote`
struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Promote what has proved useful, forget what has expired; or take a promotion back.",
        discussion: """
            Without arguments one promotion cycle runs over all namespaces, or over that of --namespace. --dry-run \
            prints each decision with its confidence and its reasons and changes nothing. --policy says who decides: \
            the rules alone, the rules and beside them the promotion model (the default), or the rules while the \
            model's advice is only logged (shadow). --undo takes the last move of a record back, or \
            the move of a change number; what was forgotten cannot be brought back.
            """)

    @Flag(help: "Decide and print, change nothing.")
    var dryRun = false

    @Option(help: ArgumentHelp("Take a move between layers back.", valueName: "record id|change number"))
    var undo: String?

    @Option(help: ArgumentHelp("Who decides.", valueName: "rules|learned|shadow"))
    var policy: LearnedPromotionSettings.Mode?

    @OptionGroup var common: CommonOptions

    func run() async throws {
        if let undo {
            guard policy == nil else { throw UsageError("--undo and --policy exclude one another; give one of them") }
            guard !dryRun else { throw UsageError("--undo and --dry-run exclude one another; give one of them") }
            try await takeBack(undo)
        } else {
            try await runCycle()
        }
    }

    private func takeBack(_ name: String) async throws {
        let output = common.output
        let namespace = common.namespaceName
        let record = try await common.withEngine(.init(model: false)) { engine in
            if let id = RecordID(name) { return try await engine.undoMove(of: id, in: namespace) }
            guard let change = Int64(name) else {
                throw UsageError("--undo takes a record's id or a change number, not \(DisplayText.harmless(name))")
            }
            return try await engine.undoMove(change: change, in: namespace)
        }
        if output.json {
            try output.result(json: record)
        } else {
            output.result("\(record.id) \(record.layer.rawValue)")
        }
    }

    private func runCycle() async throws {
        let output = common.output
        // The model decides beside the rules, and opens the embedding cache, which has to forget what expires.
        let report = try await common.withEngine(.init(policy: policy)) { engine in
            try await engine.promote(in: common.namespace, dryRun: dryRun) { decision in
                if dryRun { print(decision, output) }
            }
        }
        output.warnings(report.degradations)
        if output.json {
            try output.result(json: report)
        } else {
            output.result(summary(of: report))
        }
    }

    private func print(_ decision: LifecycleDecision, _ output: Output) {
        if output.json {
            // Values that this program has made can be written as JSON.
            try? output.result(json: decision)
            return
        }
        let target = decision.target.map { " to \($0.rawValue)" } ?? ""
        output.result(
            """
            \(decision.action.rawValue)\(target)  \(decision.id)  \(output.style.dim(decision.namespace))  \
            \(DisplayText.number(decision.confidence, decimals: 2))  \
            \(decision.reasons.joined(separator: " | "))
            """)
    }

    private func summary(of report: PromotionReport) -> String {
        let promoted = DisplayText.count(report.promotedCount, "record")
        let expired = DisplayText.count(report.expiredCount, "record")
        let seen = DisplayText.count(report.candidateCount, "candidate")
        return report.isDryRun
            ? "would promote \(promoted) and forget \(expired) of \(seen)"
            : "promoted \(promoted), forgot \(expired) of \(seen) in \(DisplayText.number(report.milliseconds, decimals: 0)) ms"
    }
}

/// `strata cleanup`
struct CleanupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Evict what is over a layer's count and give unused space back.",
        discussion: "Expiry belongs to strata promote, which tries promotion first.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let report = try await common.withEngine { try await $0.cleanUp() }
        for fill in report.nearlyFull {
            output.warning(
                """
                \(fill.layer) of namespace \(fill.namespace) held \(fill.recordCount) of at most \
                \(fill.recordCountMax) records (layer_nearly_full)
                """)
        }
        if output.json {
            try output.result(json: report)
        } else {
            output.result(
                """
                evicted \(DisplayText.count(report.evictedCount, "record")), removed \
                \(DisplayText.count(report.orphanCount, "orphaned row")) and \
                \(DisplayText.count(report.historyCount, "old change")), freed \
                \(DisplayText.count(report.freedPageCount, "page"))
                """)
        }
    }
}
