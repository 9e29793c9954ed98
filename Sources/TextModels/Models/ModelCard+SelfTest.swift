public import StrataCore

extension ModelCard {
    /// Known results, which a folder has to reproduce before it is used.
    public struct SelfTest: Sendable, Hashable, Codable {
        /// Two texts and the cosine of their vectors.
        public struct Pair: Sendable, Hashable, Codable {
            /// A text, embedded as ``firstRole`` says.
            public let first: String
            /// Another text, embedded as a document.
            public let second: String
            /// −1 through 1.
            public let cosine: Float
            /// What the first text is embedded for; a document when the card says nothing.
            public let firstRole: EmbeddingRole

            enum CodingKeys: String, CodingKey {
                case first, second, cosine, firstRole
            }
        }

        /// Three texts of which two belong together: what can be checked of a model whose exact cosines nobody has
        /// measured.
        public struct Order: Sendable, Hashable, Codable {
            /// A question, embedded as a query.
            public let query: String
            /// A text that answers it, embedded as a document.
            public let nearer: String
            /// A text about something else, embedded as a document.
            public let farther: String

            enum CodingKeys: String, CodingKey {
                case query, nearer, farther
            }
        }

        /// How far a cosine may be off, more than 0 and at most 0.2.
        public let tolerance: Float
        /// May be empty when there are orders.
        public let pairs: [Pair]
        /// May be empty when there are pairs.
        public let orders: [Order]

        enum CodingKeys: String, CodingKey {
            case tolerance, pairs, orders
        }

        static let none = Self(tolerance: 0.2, pairs: [], orders: [])
    }
}

extension ModelCard.SelfTest {
    /// Compares a model's vectors with the known results.
    ///
    /// - Parameter vector: the unit vector of a text in a role.
    /// - Throws: ``StrataError/Code/modelInvalid`` with every cosine that came and was expected; what `vector` throws.
    func check(_ vector: (String, EmbeddingRole) throws -> [Float], model: String) throws {
        func cosine(_ first: String, _ role: EmbeddingRole, _ second: String) throws -> Float {
            zip(try vector(first, role), try vector(second, .document)).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        }
        let found = try pairs.map { try cosine($0.first, $0.firstRole, $0.second) }
        guard zip(pairs, found).allSatisfy({ abs($0.cosine - $1) <= tolerance }) else {
            throw StrataError(
                .modelInvalid,
                """
                model \(model) fails its self-test: cosines \(found), expected \(pairs.map(\.cosine)) within \
                \(tolerance); the weights, the tokenizer or the card's pooling do not belong together
                """)
        }
        for order in orders {
            let nearer = try cosine(order.query, .query, order.nearer)
            let farther = try cosine(order.query, .query, order.farther)
            guard nearer > farther else {
                throw StrataError(
                    .modelInvalid,
                    """
                    model \(model) fails its self-test: the text that answers has cosine \(nearer), the one that does not \
                    \(farther); the weights, the tokenizer or the card's pooling do not belong together
                    """)
            }
        }
    }
}
