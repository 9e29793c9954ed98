internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Strata
internal import StrataCore
internal import Synchronization

/// What the pipeline knows of a connection.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Where it comes from: an IP address, or `unix`.
    let address: String

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "unix"
    }
}

/// The way of every request: recognised, admitted, read, carried out in time, answered, logged.
struct RequestPipeline: HTTPResponder {
    typealias Context = ConnectionContext

    let table: RouteTable
    let gate: Gate
    let limits: ServerLimits
    let standardNamespace: String
    let environment: EngineEnvironment
    let uptime: @Sendable () -> Duration
    let idempotency = IdempotencyStore()
    let audit: AuditLog?
    let logger: Logger
    let load: ServerLoad

    /// What is found out about a request on its way, for its answer and the log.
    private struct Progress {
        let id: String
        let start: Duration
        var route: Route?
        var caller: Caller?
        var verdict: RateLimiter.Verdict?
        var receivedBytes = 0
    }

    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        var progress = Progress(id: requestID(of: request), start: uptime())
        var reply: Reply
        do {
            reply = try await carryOut(request, from: context.address, &progress)
        } catch {
            var problem = Problem(error is CancellationError ? StrataError(.closed, "the server is stopping") : error)
            if problem.status.code >= 500, problem.status != .gatewayTimeout {
                // An error of somebody else's may hold anything, so only its type is told.
                let cause = (error as? StrataError).map { "\($0)" } ?? "\(type(of: error))"
                logger.error("request failed", metadata: ["request": "\(progress.id)", "error": "\(cause)"])
            }
            if case .otherMethods(let methods) = match(request) {
                problem.headers[.allow] = methods.map(\.rawValue).sorted().joined(separator: ", ")
            }
            if problem.code == .rateLimited {
                problem.headers[.retryAfter] = String(progress.verdict?.retrySeconds ?? 1)
            }
            reply = problem.reply(progress.route?.dialect ?? .problem, requestID: progress.id)
        }
        complete(&reply, progress, origin: request.headers[.origin])
        log(request, reply, progress)
        let body: ResponseBody =
            switch reply.body {
            case .bytes(let bytes): ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            case .stream(let write): ResponseBody(write)
            }
        let response = Response(status: reply.status, headers: reply.headers, body: body)
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// HEAD is GET without the body.
    private func match(_ request: Request) -> RouteTable.Match {
        table.match(request.method == .head ? .get : request.method, path(of: request))
    }

    private func carryOut(
        _ request: Request, from address: String, _ progress: inout Progress
    ) async throws -> Reply {
        let match = match(request)
        if case .route(let route, _) = match { progress.route = route }
        if case .otherMethods(let methods) = match, let fields = gate.policy.preflight(request.head, methods) {
            return Reply(.noContent, headers: fields)
        }
        if progress.route?.access != .open {
            progress.caller = try gate.identify(
                request.head, from: address, cost: progress.route?.cost ?? 1, verdict: &progress.verdict)
        }
        guard case .route(let route, let parameters) = match else {
            if case .otherMethods = match {
                throw StrataError(.methodNotAllowed, "this path knows other methods; see the Allow header")
            }
            throw StrataError(.notFound, "there is no such path; /openapi.json lists all")
        }
        let caller = progress.caller ?? Caller(key: nil, address: address)
        let query = try Self.query(of: request)
        let namespace = try namespace(of: route, caller, parameters, query)
        if case .scope(let scope) = route.access {
            try caller.authorize(scope, in: route.namespace == .none ? nil : namespace)
            // Probes are answered however busy the server is.
            try load.enter(limits)
        }
        defer { if route.access != .open { load.leave() } }
        let body = try await readBody(of: request)
        progress.receivedBytes = body.count
        let admitted = ServerRequest(
            id: progress.id, method: request.method, path: String(path(of: request)), headers: request.headers,
            parameters: parameters, query: query, caller: caller, namespace: namespace, body: body)
        let reply = try await once(admitted, route) {
            try await withTimeout(limits.requestTimeout) { try await route.handler(admitted) }
        }
        if route.isAudited, let audit {
            try await audit.append(
                route.documentation.operation, by: caller.key?.id ?? "local", at: environment.now(),
                details: ["namespace": .string(namespace), "request": .string(progress.id)])
        }
        return reply
    }

    /// Carries out a request with an `Idempotency-Key` once, however often it comes.
    private func once(
        _ request: ServerRequest, _ route: Route, _ run: () async throws -> Reply
    ) async throws -> Reply {
        guard route.isIdempotent, let key = request.headers[.idempotencyKey] else { return try await run() }
        guard (1...255).contains(key.utf8.count) else {
            throw StrataError(.invalidArgument, "Idempotency-Key has \(key.utf8.count) bytes, expected 1 through 255")
        }
        let owner = request.caller.key?.id ?? "address \(request.caller.address)"
        let name = [owner, request.namespace, request.method.rawValue, request.path, key].joined(separator: "\n")
        var hash = SHA256()
        let parameters = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        Array("\(request.mediaType ?? "") \(parameters)\n".utf8).withUnsafeBytes { hash.update($0) }
        request.body.withUnsafeBytes { hash.update($0) }
        switch try idempotency.begin(name, body: hash.finalize(), at: uptime()) {
        case .replay(var reply):
            reply.headers[.idempotentReplayed] = "true"
            return reply
        case .run:
            do {
                let reply = try await run()
                idempotency.finish(name, reply, at: uptime())
                return reply
            } catch {
                idempotency.abandon(name)
                throw error
            }
        }
    }

    // MARK: Reading

    private func path(of request: Request) -> Substring {
        (request.head.path ?? "/").prefix { $0 != "?" }
    }

    private func requestID(of request: Request) -> String {
        let isAllowed: (UInt8) -> Bool = { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        if let given = request.headers[.requestID], (1...128).contains(given.utf8.count),
            given.utf8.allSatisfy(isAllowed)
        {
            return given
        }
        return RecordID(high: environment.randomBits(), low: environment.randomBits()).description
    }

    static func query(of request: Request) throws -> [(name: String, value: String)] {
        guard let path = request.head.path, let mark = path.firstIndex(of: "?") else { return [] }
        var seen: Set<String> = []
        return try path[path.index(after: mark)...].split(separator: "&").map { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decode(pair[0], plusIsSpace: true),
                let value = PercentCoding.decode(pair.count > 1 ? pair[1] : "", plusIsSpace: true)
            else { throw StrataError(.invalidArgument, "the query is not percent-encoded UTF-8") }
            guard seen.insert(name).inserted else {
                throw StrataError(.invalidArgument, "query parameter \(name.prefix(64)) stands there twice")
            }
            return (name, value)
        }
    }

    private func namespace(
        of route: Route, _ caller: Caller, _ parameters: [String: String], _ query: [(name: String, value: String)]
    ) throws -> String {
        let standard = caller.defaultNamespace(standardNamespace)
        return switch route.namespace {
        case .path: parameters["namespace"] ?? standard
        case .query: query.first { $0.name == "namespace" }?.value ?? standard
        case .none: standard
        }
    }

    private func readBody(of request: Request) async throws -> [UInt8] {
        let tooLarge = StrataError(.tooLarge, "the body is larger than \(limits.bodyBytesMax) bytes; send it in parts")
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limits.bodyBytesMax {
            throw tooLarge
        }
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= limits.bodyBytesMax else { throw tooLarge }
            bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
    }

    // MARK: Answering

    private func complete(_ reply: inout Reply, _ progress: Progress, origin: String?) {
        if gate.policy.allows(origin: origin) {
            reply.headers[.accessControlAllowOrigin] = origin
            reply.headers[.vary] = "Origin"
        }
        reply.headers[.requestID] = progress.id
        reply.headers[.contentTypeOptions] = "nosniff"
        if reply.headers[.cacheControl] == nil { reply.headers[.cacheControl] = "no-store" }
        guard let verdict = progress.verdict else { return }
        reply.headers[.rateLimitLimit] = String(verdict.limit)
        reply.headers[.rateLimitRemaining] = String(verdict.remaining)
        reply.headers[.rateLimitReset] = String(verdict.resetSeconds)
    }

    /// One line a request: which route, not which path or query, for those hold ids and filters.
    private func log(_ request: Request, _ reply: Reply, _ progress: Progress) {
        var metadata: Logger.Metadata = [
            "request": "\(progress.id)", "method": "\(request.method)",
            "route": "\(progress.route?.path ?? "none")", "status": "\(reply.status.code)",
            "milliseconds": "\(((uptime() - progress.start) / .milliseconds(1) * 100).rounded() / 100)",
            "received": "\(progress.receivedBytes)",
        ]
        if let caller = progress.caller {
            metadata["address"] = "\(caller.address)"
            if let key = caller.key { metadata["key"] = "\(key.id)" }
        }
        if case .bytes(let bytes) = reply.body { metadata["sent"] = "\(bytes.count)" }
        logger.log(level: progress.route?.access == .open ? .debug : .info, "request", metadata: metadata)
    }
}

/// How many requests and streams are in progress.
final class ServerLoad: Sendable {
    private let requestCount = Atomic(0)
    private let streamCount = Atomic(0)

    /// - Throws: ``StrataError/Code/overloaded``.
    func enter(_ limits: ServerLimits) throws { try Self.add(requestCount, max: limits.requestCountMax, "requests") }
    func leave() { requestCount.subtract(1, ordering: .relaxed) }

    /// - Throws: ``StrataError/Code/overloaded``.
    func enterStream(_ limits: ServerLimits) throws { try Self.add(streamCount, max: limits.streamCountMax, "streams") }
    func leaveStream() { streamCount.subtract(1, ordering: .relaxed) }

    private static func add(_ count: borrowing Atomic<Int>, max: Int, _ what: String) throws {
        guard count.add(1, ordering: .relaxed).newValue <= max else {
            count.subtract(1, ordering: .relaxed)
            throw StrataError(.overloaded, "\(max) \(what) are in progress; try again", isRetryable: true)
        }
    }
}
