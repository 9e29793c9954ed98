internal import StrataCore

/// Which server embeds, and how it is asked.
public struct RemoteEmbedderConfiguration: Sendable {
    /// Where the key comes from. It is sent to the endpoint's own origin and appears in no message and no log.
    public enum Key: Sendable {
        /// None is sent.
        case none
        /// An environment variable.
        case variable(String)
        /// A file, whose first line it is.
        case file(String)
    }

    /// The address below which `/embeddings` lies, for example `http://127.0.0.1:8080/v1`.
    public var endpoint: String
    /// The model's name there.
    public var model: String
    /// Components of a vector, 1 through 4096; nil asks for the vector of a word at connection.
    public var dimension: Int?
    /// Whether ``dimension`` is sent as `dimensions`, for models that can shorten their vectors.
    public var sendsDimension = false
    /// What tells two states of the model apart in the embedding space; nil is the hash of endpoint and model, so that
    /// the same name at another address is another space.
    public var revision: String?
    /// What is put before a text to find with.
    public var queryPrefix = ""
    /// What is put before a text to be found.
    public var documentPrefix = ""
    /// Where the key comes from.
    public var key = Key.variable("STRATA_EMBEDDING_KEY")
    /// Texts of one request, 1 through 2048.
    public var textCountMax = 64
    /// UTF-8 bytes of one request's texts; a text alone may have more.
    public var textBytesMax = 256 << 10
    /// Requests under way at a time, for all callers together.
    public var requestCountMax = 4
    /// Calls that may be under way before ``StrataError/Code/overloaded``.
    public var callCountMax = 256
    /// The longest silence of the server.
    public var silenceMax = Duration.seconds(30)
    /// How failed requests are repeated.
    public var retries = RetryPolicy()
    /// How many failed requests in a row, their repetitions included, let calls be refused at once, and for how long.
    public var breakerFailureCountMax = 3
    /// See ``breakerFailureCountMax``.
    public var breakerOpenTime = Duration.seconds(30)

    /// A configuration with the defaults.
    public init(endpoint: String, model: String) {
        self.endpoint = endpoint
        self.model = model
    }
}
