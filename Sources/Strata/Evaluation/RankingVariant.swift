/// Ranking weights with a name, for comparison with others.
public struct RankingVariant: Sendable, Hashable {
    /// What they are called in a report.
    public var name: String
    /// The weights.
    public var weights: RankingWeights

    /// Weights with a name.
    public init(_ name: String, _ weights: RankingWeights) {
        self.name = name
        self.weights = weights
    }

    /// The weights without some parts.
    public static func without(_ parts: [ScorePart.Name], of weights: RankingWeights) -> RankingVariant {
        var reduced = weights
        for part in parts { reduced[part] = 0 }
        return RankingVariant("without " + parts.map(\.rawValue).joined(separator: ", "), reduced)
    }

    /// What each part brings and how much its weight matters: the weights as they are, then for each part that counts the
    /// weights without it, with half and with one and a half of it.
    ///
    /// A cross-encoder's part is left out: it is in play only when one is asked.
    public static func ablations(of weights: RankingWeights) -> [RankingVariant] {
        let parts = ScorePart.Name.allCases.filter { $0 != .rerank && weights[$0] > 0 }
        return [RankingVariant("all parts", weights)]
            + parts.flatMap { part in
                [(0, "without"), (0.5, "0.5 ×"), (1.5, "1.5 ×")].map { factor, word in
                    var changed = weights
                    changed[part] *= factor
                    return RankingVariant("\(word) \(part.rawValue)", changed)
                }
            }
    }
}
