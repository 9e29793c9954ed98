internal import Foundation
public import StrataCore

/// What is known about a record when it is decided on; ``features(at:)`` is a pure function of it.
public struct PromotionEvidence: Sendable {
    /// The record.
    public var record: MemoryRecord
    /// How many records stand before it in its session, and how many there are in all; nil without a session.
    public var sessionPlace: (index: Int, count: Int)?
    /// The record before it in the session.
    public var predecessor: MemoryRecord?
    /// The number of records of the namespace.
    public var recordCount: Int
    /// For each distinct term of the text, how many records of the namespace hold it, this one included.
    public var termCounts: [Int]
    /// What the vectors say; nil without an embedder or a vector.
    public var cosines: PromotionCosines?

    /// Evidence of those parts.
    public init(
        record: MemoryRecord, sessionPlace: (index: Int, count: Int)? = nil, predecessor: MemoryRecord? = nil,
        recordCount: Int, termCounts: [Int], cosines: PromotionCosines? = nil
    ) {
        self.record = record
        self.sessionPlace = sessionPlace
        self.predecessor = predecessor
        self.recordCount = recordCount
        self.termCounts = termCounts
        self.cosines = cosines
    }

    /// The features at a time.
    public func features(at now: Timestamp) -> PromotionFeatures {
        let cues = TextCues(record.text)
        var features = PromotionFeatures()
        features[.timeReference] = log1p(Double(cues.timeReferenceCount))
        if let (index, count) = sessionPlace {
            features[.sessionDepth] = 1 - exp(-Double(min(index, count - 1 - index)) / 2)
        }
        features[.useRecency] = Self.useRecency(lastUse: record.lastAccessedAt, now: now)
        features[.useCount] = log1p(Double(record.accessCount))
        features[.statedImportance] = record.importance
        let information = termCounts.reduce(0) { $0 + log((Double(recordCount) + 1) / (Double($1) + 0.5)) }
        features[.information] = log1p(max(0, information))
        features[.detail] = log1p(Double(cues.numberCount + cues.nameCount + cues.quotationCount))
        features[.significance] = SignificanceLexicon.standard.significance(of: cues.words)
        features[.prototypeMargin] = cosines?.prototypeMargin
        let newTerms = log1p(Double(termCounts.count { $0 <= 1 }))
        features[.novelty] = newTerms + 2 * (1 - (cosines?.nearestOlder ?? Self.typicalNearestCosine))
        features[.dialogueRole] = dialogueRole(cues)
        features[.topicRelevance] = cosines?.topic
        return features
    }

    /// ``PromotionFeature/useRecency`` of a last use, nil for none.
    static func useRecency(lastUse: Timestamp?, now: Timestamp) -> Double {
        lastUse.map { exp2(-max(0, (now - $0) / useHalfLife)) } ?? 0
    }

    private func dialogueRole(_ cues: TextCues) -> Double {
        if cues.endsAsQuestion { return -1 }
        guard let predecessor, predecessor.speaker != record.speaker, !cues.holdsQuestion else { return 0 }
        return TextCues(predecessor.text).holdsQuestion ? 1 : 0
    }

    private static let useHalfLife: Duration = .seconds(7 * 86_400)
    /// What the nearest older record's cosine mostly is in conversations, for records that have no vector.
    private static let typicalNearestCosine = 0.55
}

/// What is known about several records, and what could not be found out about them.
public struct PromotionEvidenceAnswer: Sendable {
    /// One a record, in their order.
    public var evidence: [PromotionEvidence]
    /// Why cosines are unknown that an embedder would have given; empty when nothing is missing.
    public var degradations: [Degradation] = []
}

/// What vectors say about a record.
public struct PromotionCosines: Sendable, Hashable {
    /// The cosine to the nearest record that is older; nil when there is none.
    public var nearestOlder: Double?
    /// The cosine to the mean direction of its session; nil without a session.
    public var topic: Double?
    /// The cosine to the nearest memorable prototype less that to the nearest small talk.
    public var prototypeMargin: Double

    /// Cosines of those values.
    public init(nearestOlder: Double?, topic: Double?, prototypeMargin: Double) {
        self.nearestOlder = nearestOlder
        self.topic = topic
        self.prototypeMargin = prototypeMargin
    }
}
