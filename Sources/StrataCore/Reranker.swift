/// How well texts answer a query, read together with it.
public protocol Reranker: Sendable {
    /// The model and its revision, for people and logs: `name@revision`.
    var name: String { get }
    /// Whatever decides over a score: rerankers of the same fingerprint give the same scores.
    var fingerprint: String { get }

    /// Scores texts, in their order.
    ///
    /// The score of a text does not depend on the other texts of the call.
    ///
    /// - Parameters:
    ///   - texts: any strings, also empty ones; an empty array gives an empty one.
    ///   - query: any string. A long one is cut, and so is a text that leaves no room for it.
    /// - Returns: one score a text, 0 through 1, higher for a better answer.
    /// - Throws: ``StrataError/Code/inferenceFailed``, ``StrataError/Code/overloaded``; `CancellationError`.
    func scores(of texts: [String], for query: String) async throws -> [Double]
}
