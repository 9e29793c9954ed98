/// A text as a model reads it: token ids with the sequence each one belongs to.
public struct TokenizedText: Sendable, Hashable {
    /// Token ids, special tokens included when they were asked for.
    public var ids: [Int32]
    /// One type id per token: 0 for the first text, 1 for the second in most models.
    public var typeIDs: [Int32]
    /// Whether tokens were left out to keep within the limit.
    public var isTruncated: Bool

    /// A tokenized text; `ids` and `typeIDs` have the same count.
    public init(ids: [Int32], typeIDs: [Int32], isTruncated: Bool) {
        precondition(ids.count == typeIDs.count, "a type id for every token id")
        self.ids = ids
        self.typeIDs = typeIDs
        self.isTruncated = isTruncated
    }
}
