import StrataCore
import StrataTesting
import Testing

@testable import Strata

@Suite struct TextCuesTests {
    @Test(arguments: [
        ("Fee is 38, due 15 March at 12:30.", 3, 0, 2),
        ("Yesterday I met Anna Berg and Omar in Porto!", 0, 3, 1),
        ("Встретимся в пятницу, 12 июля, в Усть-Кумале.", 1, 1, 2),
        ("Wir treffen uns am Dienstag um 19 Uhr.", 1, 0, 2),
        ("Nos vemos el martes 4 de mayo", 1, 0, 2),
        ("It costs 1,000.50 euros.", 1, 0, 0), ("", 0, 0, 0), ("👍🏽 ¿?", 0, 0, 0),
    ])
    func numbersNamesAndTimesAreCounted(text: String, numbers: Int, names: Int, times: Int) {
        let cues = TextCues(text)
        #expect(cues.numberCount == numbers)
        #expect(cues.nameCount == names)
        #expect(cues.timeReferenceCount == times)
    }

    @Test func questionsAreToldByTheirEnd() {
        #expect(TextCues("Why? Because it rained.").holdsQuestion)
        #expect(!TextCues("Why? Because it rained.").endsAsQuestion)
        #expect(TextCues("¿Cuándo vienes? ").endsAsQuestion)
        #expect(TextCues("He asked \"why?\"").endsAsQuestion)
        #expect(!TextCues("No.").holdsQuestion)
    }

    @Test func quotationsOfSeveralLanguagesAreCounted() {
        #expect(TextCues("a \"b\" c “d”").quotationCount == 2)
        #expect(TextCues("«раз» и «два»").quotationCount == 2)
        #expect(TextCues("Er sagte „ja“ und „nein“.").quotationCount == 2)
    }

    @Test func randomTextNeverTrapsAndCountsNoMoreThanItHas() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            let text = String(
                String.UnicodeScalarView(
                    (0..<40).compactMap { _ in Unicode.Scalar(UInt32.random(in: 1...0x3000, using: &random)) }))
            let cues = TextCues(text)
            #expect(cues.numberCount + cues.nameCount <= 2 * cues.words.count)
        }
    }
}

@Suite struct SignificanceLexiconTests {
    private func significance(_ text: String) -> Double {
        SignificanceLexicon.standard.significance(of: TextCues(text).words)
    }

    @Test(arguments: [
        ("A CRITICAL problem.", 0.95), ("критическая ситуация", 0.95), ("The errors again", 0.9), ("об ошибках", 0.9),
        ("Security first", 0.9), ("two bugs", 0.85), ("importantly,", 0.8), ("это важно", 0.8), ("Performance!", 0.75),
        ("optimizing it", 0.7), ("We decided to go.", 0.7), ("Мы договорились", 0.7), ("Wir haben beschlossen", 0.7),
        ("I’ll call you", 0.5), ("Remember that!", 0.8), ("No olvides", 0.8), ("nothing of that sort", 0), ("bugle", 0),
        ("remember", 0),
    ])
    func wordsStemsAndPhrasesHaveTheirWeights(text: String, weight: Double) {
        #expect(abs(significance(text) - weight) < 1e-9)
    }

    @Test func severalCuesAreMoreThanOneAndNeverMoreThanCertain() {
        #expect(abs(significance("a critical error") - (1 - 0.05 * 0.1)) < 1e-9)
        // The same cue twice is one piece of evidence.
        #expect(significance("error, error") == significance("error"))
        #expect(significance("") == 0)
    }
}

@Suite struct PromotionEvidenceTests {
    private let start = Timestamp(milliseconds: 1_700_000_000_000)

    private func record(_ text: String, speaker: String? = nil, importance: Double = 0.5) -> MemoryRecord {
        var generator = RecordIDGenerator(random: SeededGenerator(seed: 1))
        return MemoryRecord(
            id: generator.next(at: start), namespace: "n", text: text, speaker: speaker, importance: importance,
            createdAt: start)
    }

    @Test func eachFeatureFollowsItsDefinition() throws {
        var subject = record("On 4 May we decided to call Berta.", speaker: "Ann", importance: 0.9)
        subject.accessCount = 3
        subject.lastAccessedAt = start
        let evidence = PromotionEvidence(
            record: subject, sessionPlace: (index: 2, count: 10),
            predecessor: record("What now?", speaker: "Bo"), recordCount: 99, termCounts: [1, 1, 20],
            cosines: PromotionCosines(nearestOlder: 0.6, topic: 0.4, prototypeMargin: 0.1))
        let features = evidence.features(at: start + .seconds(7 * 86_400))
        func expect(_ feature: PromotionFeature, _ value: Double) {
            #expect(abs((features[feature] ?? .nan) - value) < 1e-5, "\(feature)")
        }
        expect(.timeReference, 0.693_147)  // ln 2: May
        expect(.sessionDepth, 0.632_121)  // 1 − e^−1
        expect(.useRecency, 0.5)
        expect(.useCount, 1.386_294)  // ln 4
        expect(.statedImportance, 0.9)
        expect(.information, 2.396_454)  // ln(1 + 2·ln(100/1.5) + ln(100/20.5))
        expect(.detail, 1.098_612)  // ln 3: the 4 and Berta
        expect(.significance, 0.7)
        expect(.prototypeMargin, 0.1)
        expect(.novelty, 1.898_612)  // ln 3 + 2·0.4
        expect(.dialogueRole, 1)
        expect(.topicRelevance, 0.4)
    }

    @Test func whatIsUnknownStaysUnknown() {
        let features = PromotionEvidence(record: record("x"), recordCount: 1, termCounts: [1]).features(at: start)
        #expect(features[.sessionDepth] == nil)
        #expect(features[.prototypeMargin] == nil)
        #expect(features[.topicRelevance] == nil)
        #expect(features[.useRecency] == 0)
        #expect(features[.novelty] != nil)
    }

    @Test func onlyAnotherSpeakersQuestionIsAnswered() {
        func role(_ text: String, after question: String?, by speaker: String = "Bo") -> Double? {
            PromotionEvidence(
                record: record(text, speaker: "Ann"), predecessor: question.map { record($0, speaker: speaker) },
                recordCount: 1, termCounts: []
            ).features(at: start)[.dialogueRole]
        }
        #expect(role("At noon.", after: "When?") == 1)
        #expect(role("At noon.", after: "When?", by: "Ann") == 0)
        #expect(role("At noon. You?", after: "When?") == -1)
        #expect(role("Why? At noon.", after: "When?") == 0)
        #expect(role("At noon.", after: nil) == 0)
    }

    @Test func theEngineSeesOnlyWhatIsThere() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let texts = ["Where does Ada live?", "Ada lives in Porto.", "zebra quartz"]
        var ids: [RecordID] = []
        for (number, text) in texts.enumerated() {
            ids.append(
                try await engine.remember(
                    NewMemory(text, speaker: number == 0 ? "Bo" : "Ann", session: number < 2 ? "s" : nil)
                ).record.id)
        }
        let evidence = try await engine.promotionEvidence(of: ids).evidence
        #expect(evidence.map(\.record.id) == ids)
        #expect(evidence.map { $0.sessionPlace?.index } == [0, 1, nil])
        #expect(evidence[1].predecessor?.id == ids[0])
        #expect(evidence.allSatisfy { $0.recordCount == 3 })
        // Nothing is older than the first record, so nothing is near it.
        #expect(evidence[0].cosines != nil && evidence[0].cosines?.nearestOlder == nil)
        #expect(evidence[1].cosines?.nearestOlder != nil)
        #expect(evidence[2].cosines?.topic == nil)
        let unused = try #require(RecordID("01890000-0000-7000-8000-000000000000"))
        #expect(try await engine.promotionEvidence(of: [unused]).evidence.isEmpty)
        try await engine.close()
    }

    @Test func withoutAnEmbedderTheWordsStillCount() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path, embedder: nil)
        let id = try await engine.remember("Ada lives in Porto.").record.id
        let evidence = try #require(try await engine.promotionEvidence(of: [id]).evidence.first)
        #expect(evidence.cosines == nil)
        #expect(evidence.termCounts.allSatisfy { $0 == 1 })
        let model = try PromotionModel.delivered()
        #expect((0.0...1).contains(model.confidence(evidence.features(at: start))))
        try await engine.close()
    }
}
