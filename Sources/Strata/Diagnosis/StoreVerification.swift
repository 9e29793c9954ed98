internal import RecordStore
internal import StrataCore
internal import TextAnalysis

/// How closely a diagnosis holds the stored parts against one another.
public enum StoreVerification: Sendable, Hashable {
    /// Not at all: only the file's own structure is looked at.
    case none
    /// Everything is read and compared; nothing is changed.
    case check
    /// And what follows from the records is mended.
    case repair
}

extension MemoryEngine {
    /// The checks of a verification: one that says all is well, or one for each kind of finding.
    func verified(_ verification: StoreVerification) async throws -> [DiagnosticReport.Check] {
        guard verification != .none, let store = store as? SQLiteStore else { return [] }
        let analyzer = analyzer
        let repairs = verification == .repair
        var findings = try await store.verify(repairs: repairs) { analyzer.terms(in: $0) }
        if let directory {
            findings += try await SQLiteEmbeddingCache.verify(at: directory.cachePath, repairs: repairs)
        }
        guard !findings.isEmpty else {
            return [DiagnosticReport.Check("verify", .ok, "records, keyword index, vectors, counts and history agree")]
        }
        return findings.map { finding in
            DiagnosticReport.Check(
                "verify", finding.isRepaired ? .warning : .failure,
                "\(finding.isRepaired ? "mended: " : "")\(finding.message) (\(finding.code), \(finding.count))",
                advice: advice(finding, repairs: repairs),
                details: [
                    "code": .string(finding.code), "count": .integer(Int64(finding.count)),
                    "repaired": .bool(finding.isRepaired),
                ])
        }
    }

    private func advice(_ finding: StoreFinding, repairs: Bool) -> String? {
        if finding.isRepaired { return nil }
        return repairs
            ? "this follows from nothing else; restore it with `strata backup restore`"
            : "run `strata doctor --repair`, which mends what can be mended and says what it did"
    }
}
