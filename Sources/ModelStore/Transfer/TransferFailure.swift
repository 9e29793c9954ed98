public import StrataCore

extension StrataError.Code {
    /// Another machine cannot be reached, refuses or keeps failing.
    public static let unreachable = Self("unreachable")
}

/// Why one attempt failed, with what decides whether another one makes sense.
struct TransferFailure: Error {
    enum Kind: Equatable {
        case status(Int)
        /// Nothing came for too long.
        case timeout
        /// No connection, or one that broke.
        case connection
        /// An answer that breaks the protocol or does not fit what was announced.
        case malformed
    }

    let kind: Kind
    /// What happened, without URLs' queries, keys or bodies.
    let message: String
    var retryAfter: Duration?

    /// Whether the same request may succeed later.
    var isRetryable: Bool {
        switch kind {
        case .status(let status): [408, 425, 429].contains(status) || status >= 500 && status != 501
        case .timeout, .connection, .malformed: true
        }
    }

    /// The failure as the caller sees it.
    func error(_ code: StrataError.Code = .unreachable, during action: String) -> StrataError {
        let code: StrataError.Code = kind == .status(404) ? .notFound : code
        let advice =
            switch kind {
            case .status(401), .status(403): "; check the token and whether it may read this"
            case .status(404): "; check the name and the revision"
            default: isRetryable ? "; try again later" : ""
            }
        return StrataError(code, "\(action): \(message)\(advice)", isRetryable: isRetryable, cause: self)
    }
}
