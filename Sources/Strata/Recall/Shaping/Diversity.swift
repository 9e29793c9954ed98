/// Picks hits that answer well and do not repeat one another: maximal marginal relevance.
///
/// Carbonell and Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998. How alike two records are is the
/// share of terms that they have in common: near-repetitions share their words, it needs no vectors, and it is the same
/// with every model.
struct Diversity {
    /// How much a repetition costs beside the score, 0 through 1.
    let weight: Double

    /// The places of the picked ones, in the order of picking.
    ///
    /// - Parameters:
    ///   - scores: best first, 0 through 1.
    ///   - terms: the distinct terms of each.
    func pick(_ limit: Int, scores: [Double], terms: [Set<String>]) -> [Int] {
        var rest = Array(scores.indices)
        var picked: [Int] = []
        var likeness = [Double](repeating: 0, count: scores.count)
        while picked.count < limit, !rest.isEmpty {
            func value(_ place: Int) -> Double { (1 - weight) * scores[place] - weight * likeness[place] }
            // The first of several equals, which is the one with the better score.
            let best = rest.indices.reduce(rest.startIndex) { value(rest[$1]) > value(rest[$0]) ? $1 : $0 }
            let place = rest.remove(at: best)
            picked.append(place)
            for other in rest {
                likeness[other] = max(likeness[other], Self.overlap(terms[place], terms[other]))
            }
        }
        return picked
    }

    /// The Jaccard similarity of two sets; 0 for two empty ones.
    static func overlap(_ first: Set<String>, _ second: Set<String>) -> Double {
        let common = first.intersection(second).count
        let all = first.count + second.count - common
        return all > 0 ? Double(common) / Double(all) : 0
    }
}
