internal import Foundation
internal import RecordStore
internal import StrataCore
internal import TextModels
internal import VectorSearch

extension MemoryEngine {
    /// Looks at everything that a memory needs: kernels, SQLite, ONNX Runtime, the model and its self-test, the data
    /// directory and its owner, the database, the vectors, the disk.
    ///
    /// Nothing is made or changed, save that `embedsMissing` gives vectors to records that have none, and what a
    /// verification repairs.
    ///
    /// - Parameters:
    ///   - path: a data directory, which need not exist.
    ///   - configuration: the model that is to be looked at.
    ///   - verification: how closely the stored parts are held against one another; writes wait meanwhile.
    public static func diagnose(
        at path: String, configuration: EngineConfiguration = EngineConfiguration(), embedsMissing: Bool = false,
        verification: StoreVerification = .none
    ) async -> DiagnosticReport {
        var diagnosis = Diagnosis(path: path, configuration: configuration, verification: verification)
        await diagnosis.run(embedsMissing: embedsMissing)
        return DiagnosticReport(checks: diagnosis.checks)
    }
}

/// One round of checks.
private struct Diagnosis {
    typealias Check = DiagnosticReport.Check

    let path: String
    var configuration: EngineConfiguration
    let verification: StoreVerification
    private(set) var checks: [Check] = []

    /// Below this little is left for a database that grows and its log.
    private static let freeBytesWanted = 512 << 20
    /// Below this a checkpoint or a compaction may fail.
    private static let freeBytesMin = 64 << 20

    init(path: String, configuration: EngineConfiguration, verification: StoreVerification) {
        self.path = path
        self.configuration = configuration
        self.verification = verification
    }

    mutating func run(embedsMissing: Bool) async {
        checks.append(version)
        checks.append(kernels)
        await checkModel()
        await checkFallbacks()
        if checkDirectory() { await checkDatabase(embedsMissing: embedsMissing) }
        checkDisk()
    }

    private var version: Check {
        let report = StrataVersion.report
        return Check(
            "version", .ok, "Strata \(report.version) on \(report.platform), SQLite \(report.sqlite)",
            details: [
                "version": .string(report.version), "platform": .string(report.platform),
                "sqlite": .string(report.sqlite),
            ])
    }

    private var kernels: Check {
        do {
            let selected = try VectorKernels.selected()
            let names = VectorKernels.available.map(\.name)
            return Check(
                "kernels", .ok,
                "\(selected.name) compares vectors; this machine can run \(names.joined(separator: ", "))",
                details: [
                    "selected": .string(selected.name), "available": .array(names.map(JSONValue.string)),
                ])
        } catch {
            return Check(
                "kernels", .failure, error, advice: "unset \(VectorKernels.environmentVariable), or name one of those")
        }
    }

    // MARK: Runtime and model

    private mutating func checkModel() async {
        switch configuration.model {
        case .none:
            checks.append(
                Check(
                    "model", .warning, "no model was wanted; recalls go by words only",
                    advice: "leave out --model none and STRATA_MODEL=none to find by meaning as well"))
        case .hashing:
            checks.append(
                Check(
                    "model", .warning, "feature hashing was wanted; recalls go by words and their spelling",
                    advice: "leave out --model hashing and STRATA_MODEL=hashing to find by meaning"))
        case .embedder(let embedder):
            checks.append(Check("model", .ok, "the caller's own embedder, space \(embedder.space.identifier)"))
        case .folder(let folder, let runtime):
            // What was demanded by name must work.
            await checkModel(folder: { folder }, runtime: runtime, otherwise: .failure)
        case .standard:
            await checkModel(
                folder: { try StrataHome.modelFolder(named: ModelChoice.standardName) }, runtime: nil,
                otherwise: .warning)
        }
    }

    private mutating func checkModel(
        folder: () throws -> String, runtime path: String?, otherwise status: DiagnosticReport.Status
    ) async {
        if let folder = try? folder(), (try? EmbedderFolder.kind(of: folder)) == .static {
            await checkTable(folder, otherwise: status)
            return
        }
        do {
            let runtime = try OnnxRuntime.shared(OnnxLibrarySearch(path: path))
            checks.append(
                Check(
                    "runtime", .ok, "ONNX Runtime \(runtime.version) at \(runtime.libraryPath)",
                    details: ["version": .string(runtime.version), "path": .string(runtime.libraryPath)]))
        } catch {
            checks.append(
                Check(
                    "runtime", status, error,
                    advice: "run `make setup`, or set STRATA_ONNXRUNTIME to the library; until then recalls go by words"
                )
            )
            configuration.model = .none
            return
        }
        do {
            let folder = try folder()
            var options = OnnxEmbedder.Options()
            options.library.path = path
            options.verification = .always
            let embedder = try await OnnxEmbedder.load(folder: folder, options: options)
            checks.append(model(embedder, folder))
            checks.append(try await selfTest(embedder))
            configuration.model = .embedder(embedder)
        } catch {
            checks.append(
                Check(
                    "model", status, error,
                    advice: "run `make setup`, or give a model folder with --model; until then recalls go by words"))
            configuration.model = .none
        }
    }

    private mutating func checkFallbacks() async {
        for choice in configuration.fallbacks {
            do {
                guard let embedder = try await MemoryEngine.load(choice) else { continue }
                checks.append(
                    Check(
                        "fallback", .ok, "\(embedder.space.identifier) serves while the model cannot",
                        details: ["space": .string(embedder.space.identifier)]))
            } catch {
                checks.append(
                    Check("fallback", .warning, error, advice: "name another one with --fallback or STRATA_FALLBACK"))
            }
        }
    }

    /// A table of token vectors needs no runtime; loading it runs its self-test.
    private mutating func checkTable(_ folder: String, otherwise status: DiagnosticReport.Status) async {
        do {
            let embedder = try await StaticEmbedder.load(folder: folder, verification: .always)
            checks.append(
                Check(
                    "model", .ok,
                    "\(embedder.card.name) (token vectors, \(embedder.card.dimension) components) in \(folder)",
                    details: ["folder": .string(folder), "space": .string(embedder.space.identifier)]))
            configuration.model = .embedder(embedder)
        } catch {
            checks.append(
                Check("model", status, error, advice: "give another model folder with --model"))
            configuration.model = .none
        }
    }

    private func model(_ embedder: OnnxEmbedder, _ folder: String) -> Check {
        let card = embedder.card
        let tuning = embedder.tuning
        let layout = "\(tuning.workerCount) × \(tuning.intraOpThreadCount) threads, \(tuning.tokenBudget) tokens a run"
        return Check(
            "model", .ok, "\(card.name) (\(card.precision), \(card.dimension) components, \(layout)) in \(folder)",
            details: [
                "folder": .string(folder), "space": .string(embedder.space.identifier),
                "dimension": .integer(Int64(card.dimension)), "tokenCountMax": .integer(Int64(card.tokenCountMax)),
                "license": .string(card.license), "workerCount": .integer(Int64(tuning.workerCount)),
                "intraOpThreadCount": .integer(Int64(tuning.intraOpThreadCount)),
                "tokenBudget": .integer(Int64(tuning.tokenBudget)),
                "tokensPerSecond": tuning.tokensPerSecond.map { .number($0.rounded()) } ?? .null,
            ])
    }

    /// Loading has passed the self-test already; here its figures are shown.
    private func selfTest(_ embedder: OnnxEmbedder) async throws -> Check {
        let test = embedder.card.selfTest
        let vectors = try await embedder.embed(test.pairs.flatMap { [$0.first, $0.second] }, as: .document)
        let found = test.pairs.indices.map { index in
            zip(vectors[2 * index].vector, vectors[2 * index + 1].vector).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let deviation = zip(found, test.pairs).map { abs($0 - $1.cosine) }.max() ?? 0
        func list(_ values: [Float]) -> String {
            values.map { String(format: "%.4f", Double($0)) }.joined(separator: ", ")
        }
        let isGood = deviation <= test.tolerance
        return Check(
            "self_test", isGood ? .ok : .failure,
            "cosines \(list(found)), expected \(list(test.pairs.map(\.cosine))) within \(test.tolerance)",
            advice: isGood
                ? nil : "the model gives other vectors than it should; remove its folder and run `make setup`",
            details: [
                "cosines": .array(found.map { .number(Double($0)) }), "deviation": .number(Double(deviation)),
                "tolerance": .number(Double(test.tolerance)),
            ])
    }

    // MARK: Data

    /// Whether there is a database to look into.
    private mutating func checkDirectory() -> Bool {
        guard MemoryEngine.exists(at: path) else {
            checks.append(
                Check(
                    "data_directory", .warning, "there is no memory in \(path) yet",
                    advice: "make one with `strata init` or `strata remember`, or name another with --data-dir"))
            return false
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            checks.append(
                Check(
                    "data_directory", .failure, "\(path) cannot be written to",
                    advice: "give this user write permission, or name another folder with --data-dir"))
            return false
        }
        return true
    }

    private mutating func checkDatabase(embedsMissing: Bool) async {
        let engine: MemoryEngine
        do {
            // A diagnosis looks and changes nothing.
            configuration.lifecycle.catchUpAfter = nil
            configuration.background.isEnabled = false
            engine = try await MemoryEngine.open(at: path, configuration: configuration)
        } catch let error as StrataError where error.code == .locked {
            checks.append(
                Check(
                    "data_directory", .warning, error,
                    advice: "the owner may go on; to have the database checked, end it and run this again"))
            return
        } catch {
            checks.append(
                Check("database", .failure, error, advice: "restore the data directory from a backup"))
            return
        }
        checks.append(
            Check("data_directory", .ok, "\(path), owned by this process now", details: ["path": .string(path)]))
        do {
            if let store = engine.store as? SQLiteStore { checks.append(database(try await store.diagnose())) }
            checks += try await engine.verified(verification)
            try await checkVectors(engine, embedsMissing: embedsMissing)
        } catch {
            checks.append(Check("database", .failure, error, advice: "restore the data directory from a backup"))
        }
        do {
            try await engine.close()
        } catch {
            checks.append(Check("database", .failure, error, advice: "free space on the disk and run this again"))
        }
    }

    private func database(_ diagnosis: StoreDiagnosis) -> Check {
        let details: [String: JSONValue] = [
            "schemaVersion": .integer(Int64(diagnosis.schemaVersion)),
            "journalMode": .string(diagnosis.journalMode),
            "synchronous": .integer(Int64(diagnosis.synchronous)),
            "damages": .array(diagnosis.damages.map(JSONValue.string)),
        ]
        guard diagnosis.damages.isEmpty else {
            return Check(
                "database", .failure, "the database is damaged: \(diagnosis.damages[0])",
                advice: "copy the data directory away, then restore it from a backup", details: details)
        }
        guard diagnosis.synchronous >= 2 else {
            return Check(
                "database", .failure,
                "synchronous is \(diagnosis.synchronous), expected 2 (FULL): commits may be lost in a power failure",
                advice: "this is a defect of Strata; report it", details: details)
        }
        return Check(
            "database", .ok,
            """
            sound (quick_check), schema \(diagnosis.schemaVersion), journal \(diagnosis.journalMode), synchronous FULL
            """, details: details)
    }

    private mutating func checkVectors(_ engine: MemoryEngine, embedsMissing: Bool) async throws {
        var embeddedCount = 0
        if embedsMissing, engine.embedder != nil {
            do {
                embeddedCount = try await engine.embedMissing()
            } catch let error as StrataError where error.code == .inferenceFailed || error.code == .modelSuspended {
                checks.append(
                    Check("embed_missing", .warning, error, advice: "the records are found by words; run this again"))
            }
        }
        let statistics = try await engine.stats()
        let recordCount = statistics.store.recordCount
        let missingCount = statistics.vectorMissingCount
        let details: [String: JSONValue] = [
            "records": .integer(Int64(recordCount)), "withoutVector": .integer(Int64(missingCount)),
            "embedded": .integer(Int64(embeddedCount)),
        ]
        let done = embedsMissing ? "; \(embeddedCount) got one now" : ""
        guard missingCount > 0 else {
            checks.append(Check("vectors", .ok, "all \(recordCount) records have a vector\(done)", details: details))
            return
        }
        checks.append(
            Check(
                "vectors", .warning, "\(missingCount) of \(recordCount) records have no vector\(done)",
                advice: engine.embedder == nil
                    ? "set a model up, then run `strata doctor --embed-missing`"
                    : "run `strata doctor --embed-missing`", details: details))
    }

    /// The free space where the data directory is, or where it would be made.
    private mutating func checkDisk() {
        var folder = URL(fileURLWithPath: path).standardizedFileURL
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        guard let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder.path),
            let free = (attributes[.systemFreeSize] as? NSNumber)?.intValue
        else {
            checks.append(
                Check("disk", .warning, "the free space of \(folder.path) is not known", advice: "look with `df`"))
            return
        }
        let details: [String: JSONValue] = ["freeBytes": .integer(Int64(free))]
        let message = "\(free >> 20) MiB are free at \(folder.path)"
        let status: DiagnosticReport.Status =
            free < Self.freeBytesMin ? .failure : free < Self.freeBytesWanted ? .warning : .ok
        checks.append(
            Check(
                "disk", status, message,
                advice: status == .ok ? nil : "free space on that disk, or move the data directory", details: details))
    }
}
