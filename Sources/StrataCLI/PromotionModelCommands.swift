internal import ArgumentParser
internal import Strata
internal import StrataCore

extension PromotionCommand {
    /// `strata promotion status`
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show which model decides about promotion, and what came of its decisions."
        )

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let output = common.output
            let status = try await common.withEngine { try await $0.promotionStatus() }
            output.warnings(status.degradations)
            if output.json { return try output.result(json: status) }
            var rows = [("decides", status.policy), ("model", model(of: status))]
            if let provenance = status.provenance { rows.append(("trained on", provenance.description)) }
            rows.append(("decisions", "\(status.decisionCount) logged, \(status.promotedCount) to promote"))
            rows.append(("needed since", DisplayText.count(status.neededCount, "record")))
            rows.append(("to learn from", DisplayText.count(status.exampleCount, "decision") + " with a known outcome"))
            for (name, value) in rows {
                output.result("\(output.style.dim(name.padded(to: 16)))\(DisplayText.oneLine(value, width: nil))")
            }
        }

        private func model(of status: PromotionModelStatus) -> String {
            guard let origin = status.origin else { return "none that can be used" }
            guard status.version > 0 else { return origin }
            let since = status.since.map { ", since \(DisplayText.moment($0))" } ?? ""
            return "\(origin), version \(status.version)\(since)"
        }
    }

    /// `strata promotion retrain`
    struct Retrain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retrain", abstract: "Train a model from the log of decisions, and keep it if it is better.",
            discussion: """
                The new model is compared with the one at work on the latest quarter of the weeks, which it has not \
                seen. The one before it takes over again when the one at work turned out to be worse.
                """)

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let output = common.output
            let report = try await common.withEngine { try await $0.retrainPromotion() }
            if output.json { return try output.result(json: report) }
            output.result("\(report.outcome.rawValue): \(report.message)")
            for name in report.candidate.keys.sorted() {
                output.result(
                    "\(output.style.dim(name.padded(to: 20)))\(report.current[name] ?? 0) to \(report.candidate[name] ?? 0)"
                )
            }
        }
    }

    /// `strata promotion rollback`
    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rollback", abstract: "Put the model before the last retraining to work again.")

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let output = common.output
            let status = try await common.withEngine(.init(model: false)) { engine in
                try await engine.rollBackPromotion()
                return try await engine.promotionStatus()
            }
            if output.json { return try output.result(json: status) }
            output.result(
                status.version > 0 ? "version \(status.version) is at work" : "the delivered model is at work")
        }
    }
}
