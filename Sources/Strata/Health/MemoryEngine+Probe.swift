internal import StrataCore

/// How a round trip through the engine went.
struct ProbeReport: Sendable {
    /// How long a durable write and reading it back took; nil when that failed.
    var store: Duration?
    var storeProblem: StrataError?
    /// How long a recall took; nil when it failed or did not find the test record.
    var recall: Duration?
    var recallProblem: String?
    /// What was not as usual with it.
    var degradations: [Degradation] = []
}

extension MemoryEngine {
    /// The namespace of the test record. Callers cannot name it, because it holds a control character, and nothing shows
    /// it to them.
    static let probeNamespace = "\u{1}probe"

    private static let probeText = "Strata watches itself with this record."

    /// Writes, reads, embeds and recalls, as a caller would, without a trace among the memories and their uses.
    ///
    /// The test record stays for the next probe, so that neither the change log nor the index grows; ``endProbes()``
    /// forgets it.
    func probe() async -> ProbeReport {
        var report = ProbeReport()
        let clock = ContinuousClock()
        let token = String(configuration.environment.randomBits(), radix: 36)
        do {
            let start = clock.now
            _ = try await writes.commit([.save(token, named: "health.probe")])
            guard try await store.savedText(named: "health.probe") == token else {
                throw StrataError(
                    .corrupted, "the store gave back another value than it was given; run `strata doctor`")
            }
            report.store = clock.now - start
        } catch {
            report.storeProblem = Self.problem(error)
            return report
        }
        do {
            let digest = SHA256.digest(of: Self.probeText)
            if try await store.records(withContent: [digest], in: Self.probeNamespace)[0] == nil {
                _ = try await store(
                    [NewMemory(Self.probeText, layer: .assets)], in: Self.probeNamespace, onDuplicate: .skip)
            }
            // A query that was never asked before is in no cache, so the model has to work.
            let start = clock.now
            var options = RecallOptions()
            options.countsUse = false
            let answer = try await answer(
                "Strata watches itself \(token)", in: Self.probeNamespace, limit: 1, options: options)
            report.degradations = answer.degradations
            if answer.hits.first?.record.text == Self.probeText {
                report.recall = clock.now - start
            } else {
                report.recallProblem = "the test record was not found"
            }
        } catch {
            report.recallProblem = Self.problem(error).message
        }
        return report
    }

    /// Forgets the test record.
    func endProbes() async {
        // What cannot be forgotten now is hidden all the same, and is used by the next probe.
        _ = try? await writes.commit([.forget(.everything, namespace: Self.probeNamespace)])
    }

    private static func problem(_ error: any Error) -> StrataError {
        switch error {
        case let error as StrataError: error
        case is CancellationError: StrataError(.closed, "the probe was cancelled")
        default: StrataError(.internal, "an unforeseen error; please report this", cause: error)
        }
    }
}
