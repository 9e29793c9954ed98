public import StrataCore

/// Memories and queries about them with the memories that answer each: what retrieval is measured on.
///
/// A set is stored in a namespace of its own, so that the sets of one evaluation never see each other.
public struct RetrievalSet: Sendable, Hashable {
    /// A memory with the name by which queries mean it.
    public struct Memory: Sendable, Hashable {
        /// The name in the file; nil for a memory that no query needs.
        public var name: String?
        /// What is remembered.
        public var memory: NewMemory

        /// A memory with its name.
        public init(name: String?, memory: NewMemory) {
            self.name = name
            self.memory = memory
        }
    }

    /// A query and its answers.
    public struct Query: Sendable, Hashable {
        /// The words.
        public var text: String
        /// The names of the memories that answer it, at least one, each once.
        public var relevant: [String]
        /// What it is counted with.
        public var category: String
        /// When it is asked, which decides what "yesterday" means and how old memories are; nil for now.
        public var askedAt: Timestamp?
        /// Whether it counts in the figures of the whole, and not only in those of its category.
        public var isInTotal: Bool

        /// A query with its answers.
        public init(
            _ text: String, relevant: [String], category: String, askedAt: Timestamp? = nil, isInTotal: Bool = true
        ) {
            self.text = text
            self.relevant = relevant
            self.category = category
            self.askedAt = askedAt
            self.isInTotal = isInTotal
        }
    }

    /// The set's name.
    public var name: String
    /// The memories in the order in which they are stored.
    public var memories: [Memory]
    /// The queries in the order in which they are asked.
    public var queries: [Query]

    /// A set of memories and queries.
    public init(name: String, memories: [Memory], queries: [Query]) {
        self.name = name
        self.memories = memories
        self.queries = queries
    }

    /// Several sets as one, whose memories are all in each other's way; names of different sets stay apart.
    public static func together(_ sets: [RetrievalSet]) -> RetrievalSet {
        func name(_ name: String, in number: Int) -> String { "\(number)/\(name)" }
        var all = RetrievalSet(name: sets.map(\.name).joined(separator: ", "), memories: [], queries: [])
        for (number, set) in sets.enumerated() {
            for memory in set.memories {
                var moved = memory
                moved.name = memory.name.map { name($0, in: number) }
                moved.memory.session = memory.memory.session.map { name($0, in: number) }
                all.memories.append(moved)
            }
            for query in set.queries {
                var moved = query
                moved.relevant = query.relevant.map { name($0, in: number) }
                all.queries.append(moved)
            }
        }
        return all
    }

    /// The turns of a conversation as memories, and its questions that have an answer.
    ///
    /// Questions of category 5, whose premise is false, have a row of their own and do not count in the whole.
    public init(_ conversation: LabelledConversation) {
        let names = [1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"]
        self.init(
            name: conversation.name,
            memories: conversation.sessions.flatMap { session in
                session.turns.map { turn in
                    Memory(
                        name: turn.id,
                        memory: NewMemory(
                            turn.text, speaker: turn.speaker, session: String(session.number),
                            occurredAt: session.time))
                }
            },
            queries: conversation.questions.filter { !$0.evidence.isEmpty }.map { question in
                Query(
                    question.text, relevant: question.evidence,
                    category: names[question.category].map { "\(question.category) \($0)" }
                        ?? String(question.category),
                    isInTotal: question.category != 5)
            })
    }
}
