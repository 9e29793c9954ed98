internal import StrataCore

/// Sentences that stand for what is worth keeping and for what is not, as vectors of one space.
///
/// The memorable ones were written for this project and occur in none of the conversations that it is trained or measured
/// on; the small talk is what everybody says.
struct PromotionPrototypes: Sendable {
    private let memorable: [[Float]]
    private let passing: [[Float]]

    /// Embeds the sentences.
    init(embedder: any Embedder) async throws {
        let embeddings = try await embedder.embed(Self.memorableTexts + Self.passingTexts, as: .document)
        let vectors = embeddings.map(\.vector)
        memorable = Array(vectors.prefix(Self.memorableTexts.count))
        passing = Array(vectors.dropFirst(Self.memorableTexts.count))
    }

    /// The cosine of a unit vector to the nearest memorable sentence less that to the nearest passing one.
    func margin(of vector: [Float]) -> Double {
        nearest(memorable, vector) - nearest(passing, vector)
    }

    private func nearest(_ prototypes: [[Float]], _ vector: [Float]) -> Double {
        prototypes.map { cosine($0, vector) }.max() ?? 0
    }

    static let memorableTexts = [
        "My daughter was born on the fourth of March.", "I am allergic to peanuts.",
        "The meeting moved to Tuesday at ten.",
        "We decided to use the second design.", "I will send you the report by Friday.",
        "My new address is 14 Mill Lane.",
        "The password rule changed after the outage.", "She started a new job at the hospital last month.",
        "We paid 1200 euros for the repair.", "He prefers tea without sugar.",
        "The error was caused by an expired certificate.", "I moved here from Lisbon three years ago.",
    ]
    static let passingTexts = [
        "Thanks, that is great!", "Haha, yes, exactly.", "How are you doing?", "Good morning!", "Sounds good to me.",
        "Take care, talk soon.", "Wow, that is amazing.", "What do you think?", "Okay, no problem.",
        "I know what you mean.",
    ]
}

/// The inner product of two vectors of equal length: their cosine when both have unit length.
func cosine(_ left: [Float], _ right: [Float]) -> Double {
    Double(zip(left, right).reduce(Float(0)) { $0 + $1.0 * $1.1 })
}
