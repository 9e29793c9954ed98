internal import StrataCore

extension RankingWeights {
    /// The weight of a part.
    public subscript(_ part: ScorePart.Name) -> Double {
        get { self[keyPath: Self.path(part)] }
        set { self[keyPath: Self.path(part)] = newValue }
    }

    private static func path(_ part: ScorePart.Name) -> WritableKeyPath<RankingWeights, Double> {
        switch part {
        case .keyword: \.keyword
        case .keywordContext: \.keywordContext
        case .vector: \.vector
        case .vectorContext: \.vectorContext
        case .neighbour: \.neighbour
        case .speaker: \.speaker
        case .time: \.time
        case .statement: \.statement
        case .number: \.number
        case .length: \.length
        case .rerank: \.rerank
        case .importance: \.importance
        case .recency: \.recency
        case .use: \.use
        }
    }

    /// Refuses weights that give no score from 0 through 1.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` naming the first value that is out of range.
    func check() throws(StrataError) {
        func check(_ name: String, _ value: Double, _ isValid: Bool, _ expected: String) throws(StrataError) {
            guard value.isFinite, isValid else {
                throw StrataError(.invalidArgument, "ranking: \(name) is \(value), expected \(expected)")
            }
        }
        for part in ScorePart.Name.allCases {
            try check(part.rawValue, self[part], (0...1000).contains(self[part]), "0 through 1000")
        }
        try check("vector_floor", vectorFloor, (0..<1).contains(vectorFloor), "0 or more and less than 1")
        try check("use_half_count", useHalfCount, useHalfCount > 0, "more than 0")
        try check("length_max", lengthMax, lengthMax > 0, "more than 0")
        try check("recency_half_life_days", recencyHalfLifeDays, recencyHalfLifeDays > 0, "more than 0")
    }

    /// The half-life in days. Dividing one `Duration` by another gives 30.000000000000004 for thirty days.
    var recencyHalfLifeDays: Double {
        let (seconds, attoseconds) = recencyHalfLife.components
        return (Double(seconds) + Double(attoseconds) * 1e-18) / 86_400
    }
}
