public import StrataCore
internal import Synchronization

/// A reranker without a model: the share of the query's words that a text holds.
///
/// For tests of what is built over rerankers, where the scores' meaning does not matter but their behaviour does.
public final class OverlapReranker: Reranker {
    /// `overlap@1`.
    public let name = "overlap@1"
    /// The name.
    public var fingerprint: String { name }

    private let failure = Mutex<StrataError?>(nil)
    private let hangs = Mutex(false)
    private let calls = Mutex<[[String]]>([])

    /// A reranker that works.
    public init() {}

    /// Has every call fail with this error until it is set to nil.
    public func fail(with error: StrataError?) { failure.withLock { $0 = error } }

    /// Has every call wait until it is cancelled, or no longer.
    public func hang(_ isHanging: Bool) { hangs.withLock { $0 = isHanging } }

    /// The texts of every call so far.
    public var scoredTexts: [[String]] { calls.withLock { $0 } }

    /// Scores texts; words are what lies between white space, lower-cased.
    public func scores(of texts: [String], for query: String) async throws -> [Double] {
        calls.withLock { $0.append(texts) }
        if let error = failure.withLock({ $0 }) { throw error }
        if hangs.withLock({ $0 }) { try await Task.sleep(for: .seconds(3600)) }
        func words(_ text: String) -> Set<Substring> { Set(text.lowercased().split(whereSeparator: \.isWhitespace)) }
        let wanted = words(query)
        return texts.map { text in
            wanted.isEmpty ? 0 : Double(words(text).intersection(wanted).count) / Double(wanted.count)
        }
    }
}
