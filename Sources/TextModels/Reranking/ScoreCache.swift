import StrataCore

/// Scores in memory, the least recently used of which leave first. Pure.
struct ScoreCache: Sendable {
    struct Key: Hashable, Sendable {
        var query: SHA256.Digest
        var text: SHA256.Digest
    }

    private struct Place: Sendable {
        var score: Double
        var older: Key?
        var newer: Key?
    }

    let countMax: Int
    private var places: [Key: Place] = [:]
    private var oldest: Key?
    private var newest: Key?

    /// A cache of at most that many scores; one takes about 300 bytes.
    init(countMax: Int) { self.countMax = countMax }

    var count: Int { places.count }

    /// The score of a key, which then is the most recently used.
    mutating func score(of key: Key) -> Double? {
        guard let score = places[key]?.score else { return nil }
        unlink(key)
        link(key, score)
        return score
    }

    mutating func insert(_ score: Double, for key: Key) {
        guard countMax > 0 else { return }
        unlink(key)
        if count >= countMax, let oldest { unlink(oldest) }
        link(key, score)
    }

    /// Removes the scores of texts, whatever the query. Every score is looked at: texts are forgotten seldom.
    mutating func remove(textsOf digests: Set<SHA256.Digest>) {
        for key in places.keys where digests.contains(key.text) { unlink(key) }
    }

    private mutating func unlink(_ key: Key) {
        guard let place = places.removeValue(forKey: key) else { return }
        if let older = place.older { places[older]?.newer = place.newer } else { oldest = place.newer }
        if let newer = place.newer { places[newer]?.older = place.older } else { newest = place.older }
    }

    private mutating func link(_ key: Key, _ score: Double) {
        places[key] = Place(score: score, older: newest, newer: nil)
        if let newest { places[newest]?.newer = key } else { oldest = key }
        newest = key
    }
}
