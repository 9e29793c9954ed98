public import HTTPTypes
internal import Strata
internal import StrataCore

/// Decides who may send a request: its host and origin, its key, its budget.
///
/// Everything that enters the server passes here, whatever it speaks: routes through the pipeline, upgraded connections by
/// asking ``admit(_:from:scope:namespace:cost:)`` before they are accepted.
public final class Gate: Sendable {
    /// What an unsuccessful attempt to authenticate costs its address.
    private static let failureCost = 20.0

    private let ring: KeyRing
    let policy: HostPolicy
    private let limiter: RateLimiter
    private let uptime: @Sendable () -> Duration

    init(configuration: ServerConfiguration, ring: KeyRing) {
        self.ring = ring
        policy = HostPolicy(configuration)
        limiter = RateLimiter(rate: configuration.limits.costPerSecond, burst: configuration.limits.costBurst)
        uptime = configuration.uptime
    }

    /// Lets a request in or refuses it.
    ///
    /// - Parameters:
    ///   - address: where the connection comes from.
    ///   - scope: what the request needs; nil when its handler asks the caller itself.
    ///   - namespace: the one it works in; nil for none.
    ///   - cost: what it takes from the caller's budget.
    /// - Throws: `misdirected`, `forbidden`, `unauthorized`, `rate_limited`.
    public func admit(
        _ head: HTTPRequest, from address: String, scope: Scope?, namespace: String?, cost: Double = 1
    ) throws -> Caller {
        var verdict: RateLimiter.Verdict?
        let caller = try identify(head, from: address, cost: cost, verdict: &verdict)
        if let scope { try caller.authorize(scope, in: namespace) }
        return caller
    }

    /// Checks host and origin, finds the caller and takes the cost from its budget.
    func identify(
        _ head: HTTPRequest, from address: String, cost: Double, verdict: inout RateLimiter.Verdict?
    ) throws -> Caller {
        try policy.check(authority: head.authority, origin: head.headerFields[.origin])
        try ring.refresh()
        let key = Self.secret(in: head.headerFields).flatMap(ring.key(of:))
        let isRefused = ring.isRequired && key == nil
        let name = key.map { "key \($0.id)" } ?? "address \(address)"
        let spent = limiter.spend(isRefused ? Self.failureCost : cost, of: name, at: uptime())
        verdict = spent
        guard spent.isAllowed else {
            throw StrataError(
                .rateLimited, "too many requests; try again in \(spent.retrySeconds) s", isRetryable: true)
        }
        guard !isRefused else {
            throw StrataError(
                .unauthorized,
                "a valid API key is needed, as `Authorization: Bearer KEY`; `strata keys create` makes one")
        }
        return Caller(key: ring.isRequired ? key : nil, address: address)
    }

    private static func secret(in fields: HTTPFields) -> String? {
        if let value = fields[.authorization] {
            let parts = value.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, ["bearer", "token"].contains(parts[0].lowercased()) else { return nil }
            return String(parts[1])
        }
        return fields[.apiKey]
    }
}

extension HTTPField.Name {
    // These are valid names, so the optional initializer cannot give nil.
    static let apiKey = Self("X-API-Key")!
    static let requestID = Self("X-Request-ID")!
    static let idempotencyKey = Self("Idempotency-Key")!
    static let accessControlMaxAge = Self("Access-Control-Max-Age")!
    static let idempotentReplayed = Self("Idempotent-Replayed")!
    static let rateLimitLimit = Self("RateLimit-Limit")!
    static let rateLimitRemaining = Self("RateLimit-Remaining")!
    static let rateLimitReset = Self("RateLimit-Reset")!
    static let lastEventID = Self("Last-Event-ID")!
    static let accelBuffering = Self("X-Accel-Buffering")!
    static let contentTypeOptions = Self("X-Content-Type-Options")!
}
