public import StrataCore

/// Gathers memories to be stored soon, together with others, and says of each what became of it.
///
/// ```swift
/// let ticket = try await memory.batch().layer(.insights).tags("trip").add("…").add(contentsOf: lines).submit()
/// for outcome in await ticket.outcomes() { … }
/// ```
/// A setting holds for what is added after it.
public struct BatchBuilder: Sendable {
    private let engine: MemoryEngine
    private var namespace: String
    private var onDuplicate = DuplicatePolicy.skip
    private var template = NewMemory("")
    /// What was added.
    public private(set) var memories: [NewMemory] = []

    init(engine: MemoryEngine, namespace: String) {
        self.engine = engine
        self.namespace = namespace
    }

    /// The layer of what is added from here on as a text.
    public func layer(_ layer: Layer) -> Self { with { $0.template.layer = layer } }
    /// The kind of what is added from here on as a text.
    public func kind(_ kind: String) -> Self { with { $0.template.kind = kind } }
    /// The labels of what is added from here on as a text.
    public func tags(_ tags: String...) -> Self { with { $0.template.tags = tags } }
    /// The project of what is added from here on as a text.
    public func project(_ project: String?) -> Self { with { $0.template.project = project } }
    /// The session of what is added from here on as a text.
    public func session(_ session: String?) -> Self { with { $0.template.session = session } }
    /// Who says what is added from here on as a text.
    public func speaker(_ speaker: String?) -> Self { with { $0.template.speaker = speaker } }
    /// What to do with texts that the namespace holds already; for the whole batch.
    public func onDuplicate(_ policy: DuplicatePolicy) -> Self { with { $0.onDuplicate = policy } }

    /// Adds a text with the settings so far.
    public func add(_ text: String) -> Self { add(contentsOf: [text]) }
    /// Adds texts with the settings so far.
    public func add(contentsOf texts: some Sequence<String>) -> Self {
        with { builder in
            for text in texts {
                var memory = builder.template
                memory.text = text
                builder.memories.append(memory)
            }
        }
    }
    /// Adds a memory as it is.
    public func add(_ memory: NewMemory) -> Self { with { $0.memories.append(memory) } }
    /// Adds memories as they are.
    public func add(contentsOf memories: some Sequence<NewMemory>) -> Self {
        with { $0.memories.append(contentsOf: memories) }
    }

    /// Hands the memories in; waits while the queue has no room.
    ///
    /// They are written when 1000 wait or 5 seconds have passed (``EngineConfiguration/batches``), at
    /// ``MemoryEngine/flushBatches()`` and when the engine is closed. Until its outcome is there, a memory is not yet on
    /// disk.
    ///
    /// - Throws: ``StrataError/Code/closed``, ``StrataError/Code/overloaded``; `CancellationError`. Nothing was handed in
    ///   then.
    @discardableResult
    public func submit() async throws -> BatchTicket {
        try Validation.namespace(namespace, limits: engine.configuration.limits)
        return try await engine.batches().submit(memories, in: namespace, onDuplicate: onDuplicate)
    }

    private func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }
}
