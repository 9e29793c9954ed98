import Strata
import StrataCore
import StrataTesting
import Testing

@Suite struct RecallTests {
    @Test(arguments: Seeds.ci)
    func everyRecallEqualsTheFormulaWorkedOutOverAllRecords(seed: UInt64) async throws {
        let scratch = try Scratch()
        let (embedder, clock) = (SeededEmbedder(seed: seed), ManualClock())
        let engine = try await openEngine(at: scratch.path, embedder: embedder, clock: clock) {
            $0.nearDuplicates = nil
        }
        var maker = SentenceMaker(random: SeededGenerator(seed: seed))
        for index in 0..<150 {
            clock.advance(by: .seconds(3600))
            var memory = NewMemory(
                maker.sentence() + ["", "?", " at 7"][index % 3], layer: Layer.allCases[index % 3],
                tags: index % 7 == 0 ? ["rare"] : ["common"],
                importance: Double.random(in: 0...1, using: &maker.random),
                occurredAt: index % 4 == 0 ? clock.now - .seconds(86_400 * 20) : nil)
            // Some stand alone, the others in a few sessions; a session's records do not come in the order of their times.
            memory.session = index % 5 == 0 ? nil : "session \(index / 20)"
            memory.speaker = index % 3 == 0 ? nil : ["Ada", "Ben"][index % 2]
            try await engine.remember(memory)
        }
        let records = try await engine.list(limit: 1000).records
        try #require(records.count > 100)
        let oracle = RecallOracle(embedder: embedder, now: clock.now)
        let filters: [Filter?] = [
            nil, .layers([.insights]), .tagsAny(["rare"]),
            .all([.layers([.assets, .interact]), .importance(.gt, 0.5)]),
        ]
        for step in 0..<60 {
            let query =
                switch step % 10 {
                case 9: "who is it"
                case 8: "What did Ada say about " + maker.sentence() + " last week?"
                case 7: "Ada and Ben yesterday: " + maker.sentence()
                default: "Does " + maker.sentence() + "?"
                }
            let filter = filters[step % filters.count]
            let expected = try await oracle.recall(query, in: records, limit: 7, filter: filter)
            var options = RecallOptions(filter: filter, candidateCount: 1000, countsUse: false)
            if case .layers(let layers) = filter {
                options = RecallOptions(layers: layers, candidateCount: 1000, countsUse: false)
            }
            let answer = try await engine.recall(query, limit: 7, options: options)
            #expect(answer.degradations.isEmpty)
            try #require(answer.count == expected.count)
            for (hit, wanted) in zip(answer, expected) {
                #expect(abs(hit.score - wanted.score) < 1e-5)
                // Scores that agree to a rounding error may change places.
                if hit.record.id != wanted.record.id {
                    let other = try #require(expected.first { $0.record.id == hit.record.id } ?? expected.last)
                    #expect(abs(other.score - hit.score) < 1e-5)
                }
            }
        }
        try await engine.close()
    }

    @Test func wordsThatBringNoCandidatesStillCountInFull() async throws {
        let scratch = try Scratch()
        func hits(postingCountMax: Int) async throws -> [Hit] {
            let engine = try await openEngine(at: scratch.path) {
                $0.nearDuplicates = nil
                $0.postingCountMax = postingCountMax
            }
            var maker = SentenceMaker(random: SeededGenerator(seed: 9))
            for _ in 0..<80 { _ = try await engine.remember(NewMemory(maker.sentence())) }
            let answer = try await engine.recall(
                "Nora repairs the violin", limit: 20, options: RecallOptions(candidateCount: 1000, countsUse: false))
            try await engine.close()
            return answer.hits
        }
        let (all, few) = (try await hits(postingCountMax: 1_000_000), try await hits(postingCountMax: 1))
        #expect(few.map(\.parts[0].raw).max() == all.map(\.parts[0].raw).max())
        for hit in few {
            let same = all.first { $0.record.id == hit.record.id }
            if let same { #expect(same.parts[0].raw == hit.parts[0].raw) }
        }
        #expect(few.first?.record.id == all.first?.record.id)
    }

    @Test func theScoreIsTheSumOfItsPartsAndBetweenZeroAndOne() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        var maker = SentenceMaker(random: SeededGenerator(seed: 4))
        for _ in 0..<40 { _ = try await engine.remember(NewMemory(maker.sentence(), importance: 1)) }
        let answer = try await engine.recall("Nora repairs the kettle", limit: 40)
        #expect(answer.count > 10)
        for hit in answer {
            #expect(abs(hit.parts.reduce(0) { $0 + $1.contribution } - hit.score) < 1e-12)
            #expect((0...1).contains(hit.score))
            #expect(Set(hit.parts.map(\.name)) == Set(ScorePart.Name.allCases).subtracting([.speaker, .time, .rerank]))
        }
        #expect(
            Set(answer.stages.map(\.name)) == [.analysis, .embedding, .vectorSearch, .keywordSearch, .fusion, .ranking])
        #expect(answer.embeddingSpace == engine.embeddingSpace?.identifier)
        try await engine.close()
    }

    @Test func asManyHitsComeBackAsPassTheFilter() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path) { $0.nearDuplicates = nil }
        let memories = (0..<600).map { index in
            NewMemory("note \(index) about the kettle", tags: index % 100 == 0 ? ["needle"] : [])
        }
        _ = try await engine.remember(memories)
        let options = RecallOptions(filter: .tagsAny(["needle"]), candidateCount: 20)
        #expect(try await engine.recall("kettle", limit: 10, options: options).count == 6)
        #expect(try await engine.recall("unrelated words entirely", limit: 10, options: options).count == 6)
        #expect(try await engine.recall("kettle", limit: 300).count == 300)
        try await engine.close()
    }

    @Test func nothingCrossesANamespace() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        let secret = try await engine.remember("the vault code is 4711", in: "alice").record
        _ = try await engine.remember("the weather is mild", in: "bob")
        let answer = try await engine.recall("the vault code is 4711", in: "bob")
        #expect(answer.map(\.record.text) == ["the weather is mild"])
        #expect(answer.first?.parts.first { $0.name == .keyword }?.raw == 0)
        #expect(try await engine.get(secret.id, in: "bob") == nil)
        #expect(try await engine.history(of: secret.id, in: "bob").isEmpty)
        #expect(try await engine.forget(.ids([secret.id]), in: "bob").recordCount == 0)
        await #expect(throws: StrataError.self) {
            try await engine.update(secret.id, RecordPatch(importance: 1), in: "bob")
        }
        #expect(try await engine.list(in: "bob").records.count == 1)
        #expect(try await engine.stats(in: "bob").store.recordCount == 1)
        #expect(try await engine.changes(since: 0, in: "bob").allSatisfy { $0.namespace == "bob" })
        #expect(try await engine.forget(.everything, in: "bob").recordCount == 1)
        #expect(try await engine.get(secret.id, in: "alice") == secret)
        #expect(try await engine.namespaces() == ["alice"])
        try await engine.close()
    }

    @Test func withoutAModelWordsAnswerAndTheAnswerSaysSo() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path, embedder: nil)
        let outcome = try await engine.remember("The peanut sauce makes my throat swell up.")
        #expect(outcome.degradations.map(\.code) == ["no_model"])
        let answer = try await engine.recall("peanut sauce")
        #expect(answer.first?.record.id == outcome.record.id)
        #expect(answer.degradations.map(\.code) == ["no_model"])
        #expect(answer.embeddingSpace == nil)
        await #expect(throws: StrataError.self) {
            try await engine.recall("peanut", options: RecallOptions(signals: .vector))
        }
        await #expect(throws: StrataError.self) { try await engine.embedMissing() }
        try await engine.close()
    }

    @Test func aModelThatFailsCostsTheVectorAndNotTheMemory() async throws {
        let scratch = try Scratch()
        let embedder = SeededEmbedder()
        let engine = try await openEngine(at: scratch.path, embedder: embedder)
        embedder.fail(with: StrataError(.inferenceFailed, "broken"))
        let outcome = try await engine.remember("the train leaves at nine")
        #expect(outcome.status == .stored)
        #expect(outcome.degradations.map(\.code) == ["embedding_failed"])
        let degraded = try await engine.recall("when does the train leave")
        #expect(degraded.first?.record.id == outcome.record.id)
        #expect(degraded.degradations.map(\.code) == ["vector_search_failed"])
        #expect(try await engine.stats().vectorMissingCount == 1)
        embedder.fail(with: nil)
        #expect(try await engine.embedMissing() == 1)
        #expect(try await engine.stats().vectorMissingCount == 0)
        let mended = try await engine.recall("when does the train leave")
        #expect(mended.degradations.isEmpty)
        #expect(mended.first?.parts.contains { $0.name == .vector } == true)
        try await engine.close()
    }

    @Test func vectorsOfAnotherModelAreNeverComparedAndCanBeMadeAnew() async throws {
        let scratch = try Scratch()
        let first = try await openEngine(at: scratch.path, embedder: SeededEmbedder(seed: 1))
        _ = try await first.remember(["red kettle", "green bicycle", "blue lantern"])
        try await first.close()
        let second = try await openEngine(at: scratch.path, embedder: SeededEmbedder(dimension: 48, seed: 2))
        let before = try await second.recall("red kettle")
        #expect(before.allSatisfy { hit in !hit.parts.contains { $0.name == .vector } })
        #expect(try await second.stats().vectorMissingCount == 3)
        #expect(try await second.embedMissing() == 3)
        let after = try await second.recall("red kettle")
        #expect(after.count == 3)
        #expect(after.allSatisfy { hit in hit.parts.contains { $0.name == .vector } })
        try await second.close()
    }

    @Test func frequentWordsAreCutFromWhatIsEmbeddedAndNamed() async throws {
        let scratch = try Scratch()
        let embedder = SeededEmbedder()
        let engine = try await openEngine(at: scratch.path, embedder: embedder) { $0.nearDuplicates = nil }
        _ = try await engine.remember((0..<30).map { NewMemory("Caroline said sentence number \($0)") })
        let answer = try await engine.recall("When has Caroline said number 7?")
        #expect(answer.cutWords == ["Caroline", "said", "number"])
        #expect(embedder.embeddedTexts.last == ["When has 7?"])
        let onlyFrequent = try await engine.recall("Caroline?")
        #expect(onlyFrequent.cutWords.isEmpty)
        #expect(embedder.embeddedTexts.last == ["Caroline?"])
        try await engine.close()
    }

    @Test func recallsCountAsUsesUnlessAskedNotTo() async throws {
        let scratch = try Scratch()
        let clock = ManualClock()
        var engine = try await openEngine(at: scratch.path, clock: clock)
        let id = try await engine.remember("the lantern is in the cellar").record.id
        clock.advance(by: .seconds(60))
        for _ in 0..<3 { _ = try await engine.recall("lantern") }
        _ = try await engine.recall("lantern", options: RecallOptions(countsUse: false))
        try await engine.close()
        engine = try await openEngine(at: scratch.path, clock: clock)
        let record = try #require(try await engine.get(id))
        #expect(record.accessCount == 3)
        #expect(record.lastAccessedAt != nil)
        try await engine.close()
    }

    @Test(arguments: ["", "   ", "\u{200B}\n", String(repeating: "q", count: 70_000)])
    func aBlankOrHugeQueryIsRefused(query: String) async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        if query == "\u{200B}\n" {
            // A zero width space is no white space to Unicode; it is a query that finds nothing by words.
            #expect(try await engine.recall(query).isEmpty)
        } else {
            await #expect(throws: StrataError.self) { try await engine.recall(query) }
        }
        try await engine.close()
    }

    @Test(arguments: [0, -1, 1001])
    func aLimitOutOfRangeIsRefused(limit: Int) async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        await #expect(throws: StrataError.self) { try await engine.recall("x", limit: limit) }
        await #expect(throws: StrataError.self) { try await engine.list(limit: limit) }
        try await engine.close()
    }

    @Test func scoresBelowTheMinimumAreLeftOut() async throws {
        let scratch = try Scratch()
        let engine = try await openEngine(at: scratch.path)
        _ = try await engine.remember(["red kettle on the stove", "a wholly different thing"])
        let all = try await engine.recall("red kettle on the stove", options: RecallOptions(countsUse: false))
        let best = try #require(all.first)
        let some = try await engine.recall(
            "red kettle on the stove", options: RecallOptions(scoreMin: best.score - 0.01))
        #expect(some.map(\.record.id) == [best.record.id])
        try await engine.close()
    }
}
