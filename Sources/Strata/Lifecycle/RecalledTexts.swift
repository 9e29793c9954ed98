internal import StrataCore

/// What was recalled lately, so that a text which an agent repeats is not taken for new evidence.
///
/// It keeps hashes only: those of the shingles, runs of three words, of each recalled text, by namespace and session. A
/// text is an echo when nearly all of its shingles stood in one recalled text: a quotation with quote marks or a few words
/// around it is, an answer that says something of its own is not (resemblance and containment after Broder, "On the
/// resemblance and containment of documents", 1997).
struct RecalledTexts {
    /// How many recalled texts are remembered, of all sessions together.
    static let textCountMax = 512
    /// How much of a text is looked at, in UTF-8 bytes.
    static let bytesMax = 4096
    /// For how long a recalled text counts.
    static let lifetime = Duration.seconds(3600)
    /// The share of a text's shingles from which on it is an echo.
    static let containmentMin = 0.8
    /// Shorter texts are never echoes: people say "yes, that is right" again and again.
    static let wordCountMin = 4

    private struct Place: Hashable {
        let namespace: String
        let session: String
    }

    private struct Recalled {
        let place: Place
        let shingles: Set<UInt64>
        let at: Timestamp
    }

    private var texts: [Recalled] = []

    /// Notes what a recall has given to a session.
    mutating func note(_ found: [String], in namespace: String, session: String, at now: Timestamp) {
        texts.removeAll { now - $0.at > Self.lifetime }
        let place = Place(namespace: namespace, session: session)
        for text in found {
            let shingles = Self.shingles(of: text)
            guard !shingles.isEmpty else { continue }
            texts.removeAll { $0.place == place && $0.shingles == shingles }
            texts.append(Recalled(place: place, shingles: shingles, at: now))
        }
        texts.removeFirst(max(0, texts.count - Self.textCountMax))
    }

    /// Whether a text says nearly nothing but what the session was given.
    func isEcho(_ text: String, in namespace: String, session: String, at now: Timestamp) -> Bool {
        let place = Place(namespace: namespace, session: session)
        let candidates = texts.filter { $0.place == place && now - $0.at <= Self.lifetime }
        guard !candidates.isEmpty else { return false }
        let shingles = Self.shingles(of: text)
        guard !shingles.isEmpty else { return false }
        return candidates.contains { recalled in
            let commonCount = shingles.count { recalled.shingles.contains($0) }
            return Double(commonCount) >= Self.containmentMin * Double(shingles.count)
        }
    }

    /// Forgets what a namespace was given; its texts may be gone.
    mutating func forget(namespace: String) { texts.removeAll { $0.place.namespace == namespace } }

    /// The hashes of the runs of three words, of letters and digits in lower case; none for a text that is too short.
    static func shingles(of text: String) -> Set<UInt64> {
        let words = Substring(decoding: text.utf8.prefix(bytesMax), as: UTF8.self).lowercased()
            .split { !$0.isLetter && !$0.isNumber }.map(hash)
        guard words.count >= wordCountMin else { return [] }
        return Set((2..<words.count).map { mixed(mixed(words[$0 - 2], words[$0 - 1]), words[$0]) })
    }

    /// FNV-1a over the UTF-8 bytes.
    private static func hash(_ word: Substring) -> UInt64 {
        word.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    private static func mixed(_ left: UInt64, _ right: UInt64) -> UInt64 {
        (left.byteSwapped ^ right) &* 0x9e37_79b9_7f4a_7c15
    }
}
