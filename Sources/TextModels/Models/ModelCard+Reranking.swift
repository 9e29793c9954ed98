extension ModelCard {
    /// How the output of a cross-encoder becomes one score.
    ///
    /// The output's shape decides: `[batch]` and `[batch, 1]` hold the score's logit; of `[batch, 2]` it is the
    /// difference of the ``positiveColumn`` to the other; of `[batch, sequence, vocabulary]` the difference of
    /// ``positiveToken`` to ``negativeToken`` at the last token.
    public struct Reranking: Sendable, Hashable, Codable {
        /// What is done to the logit.
        public enum Activation: String, Sendable, Codable, CaseIterable {
            /// The logistic function, for graphs that give logits.
            case sigmoid
            /// Nothing, for graphs that give scores of 0 through 1.
            case none
        }

        /// The texts around query and document, for models that read a prompt. User texts lose the tokenizer's added
        /// tokens first, so that a memory cannot end the prompt.
        ///
        /// The two in the middle are tokenized together with query and document, as tokens may span their borders.
        public struct Prompt: Sendable, Hashable, Codable {
            /// First of all, tokenized apart and always read.
            public let start: String
            /// Before the query.
            public let beforeQuery: String
            /// Between the query and the document.
            public let beforeDocument: String
            /// Last of all, tokenized apart and always read, however long the document is.
            public let end: String

            enum CodingKeys: String, CodingKey {
                case start, beforeQuery, beforeDocument, end
            }
        }

        /// A question, a text that answers it and one that does not: a model which cannot tell them apart is refused.
        public struct Calibration: Sendable, Hashable, Codable {
            /// The question.
            public let query: String
            /// A text that answers it.
            public let relevant: String
            /// A text about something else.
            public let irrelevant: String
            /// By how much the first has to score higher, more than 0 and at most 1; 0.05 when the card says nothing.
            public let gapMin: Double

            enum CodingKeys: String, CodingKey {
                case query, relevant, irrelevant, gapMin
            }
        }

        /// What is done to the logit.
        public let activation: Activation
        /// The column of the positive class, 0 or 1; needed for outputs of two columns.
        public let positiveColumn: Int?
        /// The token that says yes; needed for outputs over the vocabulary.
        public let positiveToken: String?
        /// The token that says no; needed for outputs over the vocabulary.
        public let negativeToken: String?
        /// The prompt; nil reads the pair as the tokenizer joins pairs.
        public let prompt: Prompt?
        /// What the model has to tell apart.
        public let calibration: Calibration

        enum CodingKeys: String, CodingKey {
            case activation, positiveColumn, positiveToken, negativeToken, prompt, calibration
        }
    }
}
