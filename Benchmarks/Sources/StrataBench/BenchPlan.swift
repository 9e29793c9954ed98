/// How much a run does.
struct BenchPlan: Sendable {
    let name: String
    /// How many texts an ingest round holds.
    let shortCount: Int
    let paragraphCount: Int
    let ingestRounds: Int
    /// The sizes of the namespaces that are searched.
    let recordCounts: [Int]
    /// The sizes whose start-up is measured.
    let startupCounts: Set<Int>
    let startupRounds: Int
    let queryCount: Int
    /// How many single inserts each number of writers makes.
    let insertCount: Int

    /// Small enough for every day; its percentiles are rougher.
    static let quick = Self(
        name: "quick", shortCount: 512, paragraphCount: 128, ingestRounds: 3, recordCounts: [1000, 10_000],
        startupCounts: [10_000], startupRounds: 3, queryCount: 200, insertCount: 500)
    /// What documents quote.
    static let full = Self(
        name: "full", shortCount: 4096, paragraphCount: 1024, ingestRounds: 5, recordCounts: [1000, 10_000, 100_000],
        startupCounts: [10_000, 100_000], startupRounds: 5, queryCount: 1000, insertCount: 4000)
}
