internal import BenchSupport
internal import Foundation
internal import Strata

/// Measures the whole engine: ingest, recall, start-up and single writes, with a quality floor beside the speed.
///
/// ```
/// swift run -c release strata-bench [--quick | --full] [--json FILE] [--seed N] [--model FOLDER] [--data FOLDER]
///                                   [--texts FILE] [--repository FOLDER] [--python PATH] [--only PHASE]
///                                   [--perturbed] [--records COUNT] [--dimension COUNT]
/// ```
/// `--perturbed` fills sets of more than 10 000 records with given vectors (``RecordSet/Vectors``), for machines where
/// embedding them takes too long; the report says so. `--only vectors` times the vector stage among given vectors.
@main
@MainActor
struct StrataBench {
    static func main() async throws {
        do {
            if try await StartupChild.runIfAsked() { return }
            try await run()
        } catch let error as CommandLineOptions.UsageError {
            try FileHandle.standardError.write(contentsOf: Data("strata-bench: \(error)\n".utf8))
            exit(2)
        }
    }

    private static func run() async throws {
        let options = try CommandLineOptions(
            Array(CommandLine.arguments.dropFirst()),
            valued: ["json", "seed", "model", "data", "texts", "repository", "python", "only", "records", "dimension"],
            flags: ["quick", "full", "perturbed"])
        let only = options.value("only")
        if let only, BenchReport.Phase(rawValue: only) == nil {
            let names = BenchReport.Phase.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandLineOptions.UsageError("--only is \(only), expected one of \(names)")
        }
        let plan = options.isSet("full") ? BenchPlan.full : .quick
        let model = try ModelFolder(named: options.value("model"))
        let folder = try ScratchFolder(kept: options.value("data"))
        defer { folder.remove() }
        let source = try TextSource(
            repository: options.value("repository") ?? TextCorpus.repositoryRoot(), file: options.value("texts"),
            seed: options.integer("seed", default: 42))
        var report = BenchReport(
            machine: try Machine(folder: folder.path), model: model.name, plan: plan.name, seed: source.seed,
            texts: source.description)
        report.printHeader()

        func makePeer() -> PythonPeer {
            PythonPeer(
                python: options.value("python"), script: source.repository + "/Benchmarks/python/embed_bench.py",
                model: model.path)
        }
        func isWanted(_ phase: BenchReport.Phase) -> Bool { only == nil || only == phase.rawValue }
        if isWanted(.ingest) {
            report.ingest = try await IngestBench(
                plan: plan, source: source, model: model, folder: folder, peer: makePeer()
            ).run()
            report.printIngest()
        }
        if isWanted(.inserts) {
            report.inserts = try await InsertBench(plan: plan, source: source, model: model, folder: folder).run()
            report.printInserts()
        }
        let counts = try options.value("records").map { _ in [try options.integer("records", default: 1000)] }
        for count in counts ?? plan.recordCounts where isWanted(.recall) || isWanted(.startup) {
            let perturbing = options.isSet("perturbed") && count > 10_000 ? makePeer() : nil
            let data = try await RecordSet(
                count: count, source: source, model: model, folder: folder, perturbing: perturbing
            ).prepare()
            if isWanted(.recall) {
                report.recall.append(try await RecallBench(plan: plan, data: data, model: model).run())
                report.printRecall()
            }
            if isWanted(.startup), counts != nil || plan.startupCounts.contains(count) {
                report.startup.append(try StartupBench(plan: plan, data: data, model: model).run())
                report.printStartup()
            }
        }
        // By name only: what it shows at 100 000 records takes minutes to fill.
        if only == BenchReport.Phase.vectors.rawValue {
            report.vectors = [
                try await VectorStageBench(
                    recordCount: try options.integer("records", default: 100_000),
                    dimension: try options.integer("dimension", default: 1024), seed: source.seed, folder: folder
                ).run()
            ]
            report.printVectors()
        }
        if only == BenchReport.Phase.lifecycle.rawValue {
            report.lifecycle = try await LifecycleBench(
                recordCount: try options.integer("records", default: 100_000), source: source, folder: folder
            ).run([.rules, .learned])
            report.printLifecycle()
        }
        if let path = options.value("json") { try report.write(to: path) }
    }
}
