internal import Foundation
internal import StrataCore
internal import Synchronization
internal import TextAnalysis
internal import VectorSearch

extension MemoryEngine {
    /// Finds memories by meaning and by words.
    ///
    /// Vectors and words are searched side by side with the filter inside both; every candidate is scored by both; the
    /// weighted sum is adjusted a little by importance, recency and use. A stage that fails is named among the
    /// degradations and the others answer.
    ///
    /// - Parameters:
    ///   - query: a question or a few words, not blank.
    ///   - limit: how many hits are wanted, 1 through 1000.
    /// - Returns: at most `limit` hits; an empty answer from a namespace that holds nothing, also one never used.
    /// - Throws: ``StrataError/Code/invalidArgument``, ``StrataError/Code/tooLarge``,
    ///   ``StrataError/Code/storageFailure`` when neither signal could be searched; `CancellationError`.
    public func recall(
        _ query: String, in namespace: String = defaultNamespace, limit: Int = 10,
        options: RecallOptions = RecallOptions()
    ) async throws -> RecallAnswer {
        load.begin()
        defer { load.end() }
        return try await metrics.measure(.recall) {
            try Validation.namespace(namespace, limits: configuration.limits)
            let answer = try await answer(query, in: namespace, limit: limit, options: options)
            metrics.note(answer)
            return answer
        }
    }

    /// Finds memories in a namespace that needs no check.
    func answer(
        _ query: String, in namespace: String, limit: Int, options: RecallOptions
    ) async throws -> RecallAnswer {
        var run = try recallRun(query, in: namespace, limit: limit, options: options)
        return try await finish(&run)
    }

    /// A recall whose arguments have been looked at, but for the namespace.
    func recallRun(
        _ query: String, in namespace: String, limit: Int, options: RecallOptions
    ) throws(StrataError) -> RecallRun {
        let limits = configuration.limits
        try Validation.text(query, named: "query", bytesMax: limits.queryBytesMax)
        try Validation.count(limit, named: "limit", in: 1...limits.hitCountMax)
        try Validation.count(options.candidateCount, named: "candidateCount", in: 1...10_000)
        if case .budget(let milliseconds, let candidateCount) = options.rerank {
            try Validation.count(milliseconds, named: "rerank milliseconds", in: 1...600_000)
            try Validation.count(candidateCount, named: "rerank candidateCount", in: 1...10_000)
        }
        try options.ranking?.check()
        try options.checkShape()
        let timeZone = try Validation.timeZone(options.timeZone)
        return RecallRun(
            engine: self, query: query, namespace: namespace, limit: limit, options: options, timeZone: timeZone)
    }

    /// Carries out a recall and notes the use of its hits.
    func finish(_ run: inout RecallRun) async throws -> RecallAnswer {
        let answer = try await run.run()
        if let session = run.options.session {
            recalled.withLock {
                $0.note(
                    answer.hits.map(\.record.text), in: run.namespace, session: session,
                    at: configuration.environment.now())
            }
        }
        if run.options.countsUse, uses.note(answer.hits.map(\.record.id), in: run.namespace) {
            // Enough uses wait; whoever is writing anyway takes them along. A failure costs counts, not memories.
            try? await flushUses()
        }
        return answer
    }

    /// Writes down the uses that wait.
    func flushUses() async throws {
        let mutations = uses.take()
        guard !mutations.isEmpty else { return }
        _ = try await writes.commit(mutations)
    }
}

/// One recall on its way through the stages.
struct RecallRun: Sendable {
    private let engine: MemoryEngine
    private let query: String
    let namespace: String
    private let limit: Int
    let options: RecallOptions
    private let timeZone: TimeZone
    private var plan: QueryPlan?
    /// The query's vector, when several queries were embedded together.
    private var given: EmbeddingService.QueryVector?
    private let clock = ContinuousClock()
    private var stages: [StageReport] = []
    private var degradations: [Degradation] = []

    init(engine: MemoryEngine, query: String, namespace: String, limit: Int, options: RecallOptions, timeZone: TimeZone)
    {
        self.engine = engine
        self.timeZone = timeZone
        self.query = query
        self.namespace = namespace
        self.limit = limit
        self.options = options
    }

    private var weights: RankingWeights { options.ranking ?? engine.configuration.ranking }
    private var candidateCount: Int { max(options.candidateCount, limit) }

    /// What the model is to embed; empty before ``prepare()``.
    var embeddedText: String { plan?.embeddedText ?? "" }

    /// The same recall with its query embedded.
    func with(_ vector: EmbeddingService.QueryVector) -> Self {
        var run = self
        run.given = vector
        return run
    }

    /// Analyses the query, unless that is done.
    @discardableResult
    mutating func prepare() async throws -> QueryPlan {
        if let plan { return plan }
        let made = try await analyze()
        plan = made
        return made
    }

    mutating func run() async throws -> RecallAnswer {
        let start = clock.now
        let plan = try await prepare()
        let cues = QueryCues(query: query, now: engine.configuration.environment.now(), timeZone: timeZone)
        async let keywordResult = searchKeywords(plan)
        async let vectorResult = searchVectors(plan)
        let (keyword, vector) = (await keywordResult, await vectorResult)
        stages += vector.stages + keyword.stages
        try take(keyword.problem, vector.problem)
        if let notice = vector.notice { degradations.append(notice) }
        let candidates = try await fuse(plan, cues, keyword: keyword, vector: vector)
        let reranking = RerankStage(
            engine: engine, query: query, namespace: namespace, wanted: options.rerank, weights: weights)
        let reranked = try await reranking.apply(to: candidates)
        stages += reranked.stages
        degradations += vector.degradations + reranked.degradations
        let ranked = try await rank(reranked.ranked, limit: AnswerShaper.rankedCount(limit: limit, options: options))
        let shaper = AnswerShaper(
            engine: engine, namespace: namespace, options: options, limit: limit, terms: plan.terms)
        let (hits, packing) = try await shaper.shape(ranked)
        try Task.checkCancellation()
        return RecallAnswer(
            hits: hits, stages: stages, degradations: degradations, cutWords: vector.ran ? plan.cutWords : [],
            embeddingSpace: vector.ran ? vector.space?.identifier : nil,
            milliseconds: (clock.now - start).milliseconds, packing: packing)
    }

    /// What one signal brought.
    private struct SignalResult<SignalHit: Sendable>: Sendable {
        var hits: [SignalHit] = []
        var ran = false
        var stages: [StageReport] = []
        var problem: Problem?
        var notice: Degradation?
        var index: (any VectorIndex)?
        var filter: VectorFilter?
        var queryVector: [Float] = []
        var space: EmbeddingSpace?
        var degradations: [Degradation] = []
    }

    private enum Problem: Sendable {
        case degraded(Degradation)
        case failed(any Error, Degradation)
    }

    private mutating func analyze() async throws -> QueryPlan {
        let start = clock.now
        let words = engine.analyzer.words(in: query)
        let terms = Set(words.compactMap(\.term)).sorted()
        let statistics = try await engine.store.termStatistics(terms, in: namespace)
        let plan = QueryPlan(
            query: query, words: words, statistics: statistics, cut: engine.configuration.queryCut,
            postingCountMax: engine.configuration.postingCountMax)
        stages.append(StageReport(.analysis, since: start, clock, candidateCount: nil))
        return plan
    }

    private func searchKeywords(_ plan: QueryPlan) async -> SignalResult<KeywordHit> {
        var result = SignalResult<KeywordHit>()
        guard options.signals != .vector else { return result }
        let start = clock.now
        do {
            if !plan.terms.isEmpty {
                result.hits = try await engine.store.keywordSearch(
                    plan.leadingTerms, lengthMean: plan.lengthMean, parameters: engine.configuration.keywordParameters,
                    in: namespace, matching: options.combinedFilter, keys: nil, limit: keywordDepth)
            }
            result.ran = true
        } catch {
            result.problem = .failed(error, .stageFailed("keyword_search", error, instead: "meaning only"))
        }
        result.stages = [StageReport(.keywordSearch, since: start, clock, candidateCount: result.hits.count)]
        return result
    }

    private func searchVectors(_ plan: QueryPlan) async -> SignalResult<VectorHit> {
        var result = SignalResult<VectorHit>()
        guard options.signals != .keyword else { return result }
        guard let embedding = engine.embedding, let indexes = engine.indexes else {
            result.problem = .degraded(.noModel(engine.modelProblem))
            return result
        }
        do {
            async let loading = indexes.index(of: namespace)
            var start = clock.now
            let made: EmbeddingService.QueryVector
            if let given { made = given } else { made = try await embedding.embed(query: plan.embeddedText) }
            engine.metrics.noteEmbedding(as: .query, since: start)
            let (served, queryVector) = (made.served, made.served.embedding.vector)
            result.queryVector = queryVector
            result.space = served.keeper.space
            result.degradations = made.degradations
            result.stages.append(StageReport(.embedding, since: start, clock, candidateCount: nil))
            // The loaded index is of the wanted model's space, the vector perhaps of another one.
            let expected = try await loading
            let index = served.keeper === indexes ? expected : try await served.keeper.index(of: namespace)
            start = clock.now
            let filter = try await vectorFilter()
            if case .keys(let keys) = filter {
                result.stages.append(StageReport(.filter, since: start, clock, candidateCount: keys.count))
            }
            start = clock.now
            let status = index.status
            result.hits = try index.search(queryVector, limit: candidateCount, filter: filter)
            var stage = StageReport(.vectorSearch, since: start, clock, candidateCount: result.hits.count)
            stage.isExact = status.isExact
            if !status.isExact { stage.measuredRecall = status.calibration?.recall }
            result.stages.append(stage)
            result.notice = served.keeper.takeNotice(of: namespace)
            result.index = index
            result.filter = filter
            result.ran = true
        } catch {
            result.problem = .failed(error, .stageFailed("vector_search", error, instead: "words only"))
        }
        return result
    }

    /// Layers are known to the index; every other condition is asked of the store.
    private func vectorFilter() async throws -> VectorFilter {
        if let filter = options.filter {
            return .keys(
                try await engine.store.keys(
                    in: namespace,
                    matching: options.layers.count == Layer.allCases.count
                        ? filter : .all([.layers(options.layers), filter])))
        }
        if options.layers.count == Layer.allCases.count { return .none }
        return .tags(options.layers.reduce(0) { $0 | 1 << $1.tag })
    }

    /// One failed signal is a degradation; when no signal is left, its error is the recall's.
    private mutating func take(_ keyword: Problem?, _ vector: Problem?) throws {
        let usable = (options.signals != .vector && keyword == nil) || (options.signals != .keyword && vector == nil)
        for problem in [keyword, vector] {
            switch problem {
            case .failed(let error, _) where error is CancellationError: throw error
            case .failed(let error, _) where !usable: throw error
            case .degraded(let degradation) where !usable:
                throw StrataError(.runtimeUnavailable, degradation.message, cause: engine.modelProblem)
            case .failed(_, let degradation), .degraded(let degradation): degradations.append(degradation)
            case nil: break
            }
        }
    }

    /// The candidates of both signals and the records around them, best reach first.
    private mutating func fuse(
        _ plan: QueryPlan, _ cues: QueryCues, keyword: SignalResult<KeywordHit>, vector: SignalResult<VectorHit>
    ) async throws -> [RankedCandidate] {
        let start = clock.now
        let candidates = Set(keyword.hits.prefix(candidateCount).map(\.key) + vector.hits.map(\.key)).sorted()
        // What a filter keeps out of the answer has no say in it either.
        let admits: @Sendable (RecordKey) -> Bool =
            switch vector.filter {
            case nil where options.combinedFilter == nil, VectorFilter.none?: { _ in true }
            case .keys(let keys)?: { [passing = Set(keys)] in passing.contains($0) }
            default: { _ in false }
            }
        let neighbourhood = try await engine.threads.read(namespace) { table in
            table.neighbourhood(of: candidates, admits: admits, queryTerms: plan.allTerms, cues: cues)
        }
        var scorer = ContextScorer(
            neighbourhood: neighbourhood, weights: weights, information: keyword.ran ? plan.information : 0,
            usesVector: vector.ran, keywordHits: keyword.hits, vectorHits: vector.hits)
        if let index = vector.index {
            let missing = scorer.withoutCosine
            if !missing.isEmpty {
                let keys = missing.map { neighbourhood.keys[$0] }
                scorer.add(cosines: try index.scores(vector.queryVector, of: keys), at: missing)
            }
        }
        var ranked = scorer.ranked()
        if keyword.ran, keyword.hits.count >= keywordDepth || plan.followingWeight > 0 {
            // The list does not tell every score. Those that matter are looked up: the first ones and what is around them.
            let wanted = scorer.context(of: ranked.prefix(max(Self.rankedDepth, 2 * limit)).map(\.index))
            scorer.add(
                keyword: try await engine.store.keywordSearch(
                    plan.terms, lengthMean: plan.lengthMean, parameters: engine.configuration.keywordParameters,
                    in: namespace, matching: nil, keys: wanted, limit: wanted.count))
            ranked = scorer.ranked()
        }
        stages.append(StageReport(.fusion, since: start, clock, candidateCount: ranked.count))
        return ranked
    }

    private mutating func rank(
        _ ranked: [RankedCandidate], limit: Int
    ) async throws -> [(key: RecordKey, hit: Hit)] {
        let start = clock.now
        let now = engine.configuration.environment.now()
        var hits: [(key: RecordKey, hit: Hit)] = []
        var rest = ranked[...]
        while let next = rest.first {
            // Reach falls along the list: when not even the largest priors bring the next one in, none will come.
            if next.reach < (hits.count >= limit ? hits[limit - 1].hit.score : options.scoreMin) { break }
            // What a record has by itself decides among the first ones; whoever stands behind a hundred of them would
            // need all of it, and reading them all would cost more than everything else here.
            if hits.count >= limit, ranked.count - rest.count >= max(Self.rankedDepth, 2 * limit) { break }
            let chunk = rest.prefix(max(limit, Self.rankedChunkCount))
            rest = rest.dropFirst(chunk.count)
            let relevances = Dictionary(uniqueKeysWithValues: chunk.map { ($0.key, $0.relevance) })
            for stored in try await engine.store.records(chunk.map(\.key), in: namespace) {
                guard let relevance = relevances[stored.key] else { continue }
                let hit = Hit(stored.record, relevance, weights: weights, now: now)
                if hit.score >= options.scoreMin { hits.append((stored.key, hit)) }
            }
            hits.sort { ($1.hit.score, $0.key) < ($0.hit.score, $1.key) }
            hits.removeLast(max(0, hits.count - limit))
        }
        stages.append(StageReport(.ranking, since: start, clock, candidateCount: hits.count))
        return hits
    }

    /// How many keyword scores are asked for: more than candidates, since each also counts for the records after it.
    private var keywordDepth: Int { 5 * candidateCount }
    /// How many of the first candidates have their keyword scores looked up where the list did not tell them.
    private static let rankedDepth = 100
    /// How many records are read at a time; most recalls of ten hits need one or two reads.
    private static let rankedChunkCount = 32
}

extension StageReport {
    fileprivate init(
        _ name: Name, since start: ContinuousClock.Instant, _ clock: ContinuousClock, candidateCount: Int?
    ) {
        self.init(name: name, milliseconds: (clock.now - start).milliseconds, candidateCount: candidateCount)
    }
}

extension Duration {
    /// The duration in milliseconds.
    var milliseconds: Double { self / .milliseconds(1) }
}

extension Degradation {
    fileprivate static func stageFailed(_ stage: String, _ error: any Error, instead: String) -> Self {
        let reason = (error as? StrataError)?.message ?? "an unexpected error"
        return Self(code: "\(stage)_failed", message: "\(stage) failed (\(reason)); \(instead)")
    }
}
