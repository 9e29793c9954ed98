internal import StrataCore

/// What an evaluation found out about one choice of weights.
public struct RetrievalReport: Sendable, Codable {
    /// The name of the weights.
    public let variant: String
    /// The figures over all queries that count in the whole.
    public let total: RetrievalFigures
    /// The figures of each category.
    public let categories: [String: RetrievalFigures]
    /// The 95 % interval of each figure of the whole, lower and upper bound, by its column's name.
    public let intervals: [String: [Double]]
    /// Half of all recalls took at most so long, in milliseconds.
    public let millisecondsMedian: Double
    /// 95 % of all recalls took at most so long, in milliseconds.
    public let milliseconds95: Double
    /// The number of memories.
    public let memoryCount: Int
    /// How many memories were stored a second, embedding included.
    public let memoriesPerSecond: Double
    /// The space that was searched; nil when no vectors were.
    public let embeddingSpace: String?
    /// What could not be done as usual in some recall, each once.
    public let degradations: [Degradation]

    /// What one query brought.
    struct Outcome: Sendable {
        let category: String
        let isInTotal: Bool
        let set: Int
        let figures: RetrievalFigures
        let milliseconds: Double
        let space: String?
        let degradations: [Degradation]

        init(_ query: RetrievalSet.Query, set: Int, answer: RecallAnswer, names: [RecordID: String]) {
            category = query.category
            isInTotal = query.isInTotal
            self.set = set
            figures = RetrievalFigures(
                ranking: answer.map { names[$0.record.id] }, relevant: Set(query.relevant))
            milliseconds = answer.milliseconds
            space = answer.embeddingSpace
            degradations = answer.degradations
        }
    }

    init(variant: String, outcomes: [Outcome], memoryCount: Int, memoriesPerSecond: Double) {
        self.variant = variant
        self.memoryCount = memoryCount
        self.memoriesPerSecond = memoriesPerSecond
        let counted = outcomes.filter(\.isInTotal)
        total = RetrievalFigures(mean: counted.map(\.figures))
        categories = Dictionary(grouping: outcomes, by: \.category)
            .mapValues { RetrievalFigures(mean: $0.map(\.figures)) }
        let sets = Dictionary(grouping: counted, by: \.set).sorted { $0.key < $1.key }.map(\.value)
        var intervals: [String: [Double]] = [:]
        for (name, figure) in RetrievalFigures.columns {
            let values = sets.map { $0.map { $0.figures[keyPath: figure] } }
            if let interval = RetrievalFigures.interval(values) {
                intervals[name] = [interval.lowerBound, interval.upperBound]
            }
        }
        self.intervals = intervals
        let times = outcomes.map(\.milliseconds).sorted()
        func quantile(_ share: Double) -> Double {
            times.isEmpty ? 0 : times[min(times.count - 1, Int(share * Double(times.count)))]
        }
        (millisecondsMedian, milliseconds95) = (quantile(0.5), quantile(0.95))
        embeddingSpace = outcomes.lazy.compactMap(\.space).first
        degradations = outcomes.flatMap(\.degradations).reduce(into: []) { all, one in
            if !all.contains(one) { all.append(one) }
        }
    }
}
