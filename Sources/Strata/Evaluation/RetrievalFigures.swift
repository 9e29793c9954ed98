internal import Foundation
internal import Learning

/// How well rankings answer queries, as means over queries, each 0 through 1.
///
/// | figure | of one query |
/// |---|---|
/// | `recall@k` | the share of its relevant memories among the first k |
/// | `any@10`, `all@10` | whether at least one, or every one, is among the first ten |
/// | `mrr` | 1 / place of the first one, 0 when it is not among the hits |
/// | `ndcg@10` | Σ 1 / log2(place + 1) over those among the first ten, as a share of the best possible |
public struct RetrievalFigures: Sendable, Hashable, Codable {
    /// The number of queries.
    public private(set) var count = 0
    /// The share of the relevant memories among the first five.
    public private(set) var recall5 = 0.0
    /// The share of the relevant memories among the first ten.
    public private(set) var recall10 = 0.0
    /// The share of the relevant memories among the first twenty.
    public private(set) var recall20 = 0.0
    /// The share of queries with a relevant memory among the first ten.
    public private(set) var any10 = 0.0
    /// The share of queries with all relevant memories among the first ten.
    public private(set) var all10 = 0.0
    /// The mean reciprocal rank.
    public private(set) var mrr = 0.0
    /// The normalised discounted cumulative gain of the first ten.
    public private(set) var ndcg10 = 0.0

    enum CodingKeys: String, CodingKey {
        case count
        case recall5 = "recall@5"
        case recall10 = "recall@10"
        case recall20 = "recall@20"
        case any10 = "any@10"
        case all10 = "all@10"
        case mrr
        case ndcg10 = "ndcg@10"
    }

    /// The figures with their names, in the order in which they are shown.
    public static var columns: [(name: String, figure: KeyPath<RetrievalFigures, Double>)] {
        [
            ("R@5", \.recall5), ("R@10", \.recall10), ("R@20", \.recall20), ("any@10", \.any10), ("all@10", \.all10),
            ("MRR", \.mrr), ("nDCG@10", \.ndcg10),
        ]
    }

    /// The figures of one ranking.
    ///
    /// - Parameters:
    ///   - ranking: names, best first; nil for hits that no query means.
    ///   - relevant: the names that answer, at least one.
    public init(ranking: [String?], relevant: Set<String>) {
        let places = ranking.indices.filter { ranking[$0].map(relevant.contains) ?? false }
        func found(_ depth: Int) -> Double { Double(places.count { $0 < depth }) }
        let needed = Double(relevant.count)
        count = 1
        (recall5, recall10, recall20) = (found(5) / needed, found(10) / needed, found(20) / needed)
        any10 = found(10) > 0 ? 1 : 0
        all10 = found(10) == needed ? 1 : 0
        mrr = places.first.map { 1 / Double($0 + 1) } ?? 0
        func gain(_ places: some Sequence<Int>) -> Double { places.reduce(0) { $0 + 1 / log2(Double($1 + 2)) } }
        ndcg10 = gain(places.prefix { $0 < 10 }) / gain(0..<min(relevant.count, 10))
    }

    /// The means over all queries; all 0 when there are none.
    public init(mean figures: [RetrievalFigures]) {
        count = figures.reduce(0) { $0 + $1.count }
        func mean(_ figure: KeyPath<RetrievalFigures, Double>) -> Double {
            guard count > 0 else { return 0 }
            return figures.reduce(0) { $0 + $1[keyPath: figure] * Double($1.count) } / Double(count)
        }
        (recall5, recall10, recall20) = (mean(\.recall5), mean(\.recall10), mean(\.recall20))
        (any10, all10, mrr, ndcg10) = (mean(\.any10), mean(\.all10), mean(\.mrr), mean(\.ndcg10))
    }

    /// The 95 % interval of a mean, by drawing sets and then queries of each with replacement, 1000 times.
    ///
    /// - Parameter values: a set's values each; at least one set with at least one value.
    public static func interval(_ values: [[Double]], seed: UInt64 = 7) -> ClosedRange<Double>? {
        let sets = values.filter { !$0.isEmpty }
        guard !sets.isEmpty else { return nil }
        var random = SplitMix64(seed: seed)
        var means: [Double] = []
        for _ in 0..<1000 {
            var (sum, count) = (0.0, 0)
            for _ in sets {
                let set = sets[Int.random(in: sets.indices, using: &random)]
                for _ in set { sum += set[Int.random(in: set.indices, using: &random)] }
                count += set.count
            }
            means.append(sum / Double(count))
        }
        means.sort()
        return means[25]...means[974]
    }
}
