import StrataCore
import StrataTesting
import Testing

@testable import Strata

@Suite struct CandidatesTests {
    /// Looking up only the uncertain scores gives the same first hits as looking up all, whatever the priors.
    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func whatIsNotLookedUpCannotReachTheFirstHits(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let weights = RankingWeights()
        let information = 12.0
        let limit = Int.random(in: 1...12, using: &random)
        let depth = Int.random(in: 1...60, using: &random)
        let growthMax = Bool.random(using: &random) ? 0 : Double.random(in: 0...4, using: &random)

        // The truth about 150 records: what leading terms bring, what the others add, the cosine, the priors.
        let truth = (0..<150).map { key in
            (
                key: RecordKey(key),
                leading: Int.random(in: 0...3, using: &random) == 0 ? Double.random(in: 0.1...9, using: &random) : 0,
                following: Double.random(in: 0...growthMax, using: &random),
                cosine: Float.random(in: -0.1...0.7, using: &random),
                prior: Double.random(in: 0...weights.priorShare, using: &random)
            )
        }
        let keyword = truth.filter { $0.leading > 0 }.sorted { $0.leading > $1.leading }.prefix(depth)
            .map { KeywordHit(key: $0.key, score: $0.leading) }
        let vector = truth.sorted { $0.cosine > $1.cosine }.prefix(depth)
            .map { VectorHit(key: $0.key, score: $0.cosine) }
        let isFull = keyword.count >= depth
        let bounds = Candidates.KeywordBounds(
            absentMax: (isFull ? keyword.last?.score ?? 0 : 0) + growthMax, growthMax: growthMax)

        func first(_ lookUp: (Candidates) -> [RecordKey]) -> [RecordKey] {
            var candidates = Candidates(keyword: keyword, vector: vector)
            let keys = candidates.withoutCosine
            candidates.add(cosines: keys.map { truth[Int($0)].cosine }, of: keys)
            candidates.add(
                keyword: lookUp(candidates).map {
                    KeywordHit(key: $0, score: truth[Int($0)].leading + truth[Int($0)].following)
                })
            return candidates.relevances(
                information: information, weights: weights, usesKeyword: true, usesVector: true
            )
            .map { (key: $0.key, score: weights.relevanceShare * $0.relevance.total + truth[Int($0.key)].prior) }
            .sorted { ($1.score, $0.key) < ($0.score, $1.key) }.prefix(limit).map(\.key)
        }
        let all = first { Array($0.signals.keys) }
        let some = first {
            $0.uncertain(bounds, limit: limit, information: information, weights: weights, usesVector: true)
        }
        #expect(all == some)
    }

    @Test func aRecordWithoutAVectorIsJudgedByItsWords() {
        let candidates = Candidates(keyword: [KeywordHit(key: 1, score: 5)], vector: [VectorHit(key: 2, score: 0.3)])
        let ranked = candidates.relevances(
            information: 10, weights: RankingWeights(), usesKeyword: true, usesVector: true)
        #expect(ranked.first { $0.key == 1 }?.relevance.total == 0.5)
        #expect(ranked.first { $0.key == 1 }?.relevance.parts.map(\.name) == [.keyword])
    }

    @Test func equalRelevanceComesInTheOrderOfTheKeys() {
        let hits = [7, 3, 5].map { VectorHit(key: $0, score: 0.5) }
        let ranked = Candidates(keyword: [], vector: hits).relevances(
            information: 0, weights: RankingWeights(), usesKeyword: false, usesVector: true)
        #expect(ranked.map(\.key) == [3, 5, 7])
    }
}
