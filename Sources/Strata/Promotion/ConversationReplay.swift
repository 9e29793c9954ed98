internal import Learning
public import StrataCore
internal import Synchronization

/// Tells labelled conversations to an engine, session by session, and takes down what could have been known about each
/// turn a day after its session; later turns are not there yet.
public struct ConversationReplay: Sendable {
    /// What came of a conversation.
    public struct Outcome: Sendable {
        /// The conversation.
        public let conversation: LabelledConversation
        /// The turns in order, with the texts that were remembered.
        public let turns: [LabelledConversation.Turn]
        /// The records of the turns, in the same order.
        public let records: [MemoryRecord]
        /// The examples of the turns, in the same order.
        public let examples: [PromotionExample]
    }

    /// How many hits of each question of the first half count as used.
    private static let usedHitCount = 5
    /// The time from a session to the decisions about it.
    private static let decisionDelay: Duration = .seconds(86_400)

    /// Replays the conversations in a scratch folder, each in a namespace of its own.
    ///
    /// Half of a conversation's questions, chosen by `seed`, are then asked, so that there is use to learn from; the other
    /// half says what was needed after it.
    ///
    /// - Parameters:
    ///   - path: a folder for the engine, which must not hold a memory.
    ///   - model: the embedder.
    ///   - finished: is told the number of conversations that are done.
    public static func run(
        _ conversations: [LabelledConversation], at path: String, model: ModelChoice, seed: UInt64 = 1,
        finished: @Sendable (Int) -> Void = { _ in }
    ) async throws -> [Outcome] {
        let clock = ReplayClock()
        var configuration = EngineConfiguration()
        configuration.model = model
        configuration.environment = EngineEnvironment(
            now: { clock.now }, randomBits: EngineEnvironment.system.randomBits)
        let engine = try await MemoryEngine.open(at: path, configuration: configuration)
        var outcomes: [Outcome] = []
        do {
            for (group, conversation) in conversations.enumerated() {
                outcomes.append(
                    try await replay(conversation, group: group, on: engine, clock: clock, seed: seed))
                finished(group + 1)
            }
        } catch {
            try? await engine.close()
            throw error
        }
        try await engine.close()
        return outcomes
    }

    private static func replay(
        _ conversation: LabelledConversation, group: Int, on engine: MemoryEngine, clock: ReplayClock, seed: UInt64
    ) async throws -> Outcome {
        let namespace = "conversation-\(group)"
        let needed = conversation.neededTurns
        var turns: [LabelledConversation.Turn] = []
        var records: [MemoryRecord] = []
        var examples: [PromotionExample] = []
        for session in conversation.sessions {
            if let time = session.time { clock.advance(to: time) }
            // Two turns of the same words are two turns, so that each keeps its own id.
            let results = try await engine.remember(
                session.turns.map {
                    NewMemory(
                        $0.text, speaker: $0.speaker, session: String(session.number), occurredAt: session.time)
                }, in: namespace, onDuplicate: .keep)
            let said = try results.map { try $0.get().record }
            clock.advance(to: clock.now + decisionDelay)
            let evidence = try await engine.promotionEvidence(of: said.map(\.id), in: namespace).evidence
            for (turn, known) in zip(session.turns, evidence) {
                examples.append(
                    PromotionExample(
                        features: known.features(at: clock.now), isNeeded: needed.contains(turn.id), group: group))
            }
            turns += session.turns
            records += said
        }
        var questions = conversation.questions.filter { (1...4).contains($0.category) && !$0.evidence.isEmpty }
        var random = SplitMix64(seed: seed &+ UInt64(group))
        questions.shuffle(using: &random)
        let asked = questions.prefix(questions.count / 2)
        var useCounts: [RecordID: Int] = [:]
        for question in asked {
            let answer = try await engine.recall(
                question.text, in: namespace, limit: usedHitCount, options: RecallOptions(countsUse: false))
            for hit in answer { useCounts[hit.record.id, default: 0] += 1 }
        }
        let laterNeeded = Set(questions.dropFirst(asked.count).flatMap(\.evidence))
        let recency = PromotionEvidence.useRecency(lastUse: clock.now, now: clock.now + decisionDelay)
        for place in examples.indices {
            let count = Double(useCounts[records[place].id] ?? 0)
            examples[place].afterUse = .init(
                useCount: count, useRecency: count > 0 ? recency : 0,
                isNeeded: laterNeeded.contains(turns[place].id))
        }
        return Outcome(conversation: conversation, turns: turns, records: records, examples: examples)
    }
}

/// A clock that only goes forward, from one session to the next.
private final class ReplayClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 0))

    var now: Timestamp { time.withLock { $0 } }

    func advance(to moment: Timestamp) { time.withLock { $0 = max($0, moment) } }
}
