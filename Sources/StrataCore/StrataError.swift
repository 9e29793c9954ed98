/// The one error type that crosses the engine's public boundary, besides `CancellationError`.
///
/// A message says what came, what was expected and what to do. It never holds the text of a memory, the words of a
/// query or a key: ids, counts and names only.
public struct StrataError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, as a string that is the same in the library, in HTTP, in MCP and in metric labels.
    ///
    /// The set is open: clients switch with a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code as it is written on the wire, in snake case.
        public let description: String

        /// A code of that name; the engine's own are the static members.
        public init(_ description: String) { self.description = description }

        /// An argument is empty, malformed or out of range.
        public static let invalidArgument = Self("invalid_argument")
        /// A filter names an unknown field or operator, or compares with a value of the wrong kind.
        public static let invalidFilter = Self("invalid_filter")
        /// A text, a metadata object or a batch is larger than the limit.
        public static let tooLarge = Self("too_large")
        /// No such record, namespace, file or model.
        public static let notFound = Self("not_found")
        /// The record has changed since the caller read it, or the id is taken by other content.
        public static let conflict = Self("conflict")
        /// A vector has another number of components than its embedding space.
        public static let dimensionMismatch = Self("dimension_mismatch")
        /// A vector holds NaN or infinity, or has no length.
        public static let invalidVector = Self("invalid_vector")
        /// A queue is full; try again later.
        public static let overloaded = Self("overloaded")
        /// Stored data fails a check: a damaged database, index or model file.
        public static let corrupted = Self("corrupted")
        /// The disk is full or read-only, or a file cannot be read or written.
        public static let storageFailure = Self("storage_failure")
        /// Another process owns the data directory.
        public static let locked = Self("locked")
        /// The data directory was written by a newer version of Strata.
        public static let unsupportedVersion = Self("unsupported_version")
        /// A model folder is incomplete, malformed or fails its self-test.
        public static let modelInvalid = Self("model_invalid")
        /// ONNX Runtime's library is missing, too old or refuses a call.
        public static let runtimeUnavailable = Self("runtime_unavailable")
        /// An inference run failed.
        public static let inferenceFailed = Self("inference_failed")
        /// A model failed so often in a row that it is not asked for a while.
        public static let modelSuspended = Self("model_suspended")
        /// The engine has been closed.
        public static let closed = Self("closed")
        /// A broken promise of Strata's own code.
        public static let `internal` = Self("internal")
    }

    /// The kind of failure.
    public let code: Code
    /// What came, what was expected, what to do.
    public let message: String
    /// Whether the same call may succeed later without a change by the caller.
    public let isRetryable: Bool
    /// The error of a lower layer that led here, for logs.
    public let cause: (any Error)?

    /// An error of the given kind.
    public init(_ code: Code, _ message: String, isRetryable: Bool = false, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
        self.cause = cause
    }

    /// The code and the message on one line.
    public var description: String { "\(code): \(message)" }
}

extension StrataError {
    /// A vector of the wrong length met an embedding space.
    public static func dimensionMismatch(expected: Int, received: Int, space: String) -> Self {
        Self(
            .dimensionMismatch,
            """
            vector has \(received) components, expected \(expected) (embedding space \(space)); \
            embed with that model or re-embed the namespace
            """)
    }
}
