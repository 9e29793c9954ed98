import HTTPTypes
import StrataCore
import Testing

@testable import StrataServer

@Suite("Parts of the server")
struct UnitTests {
    private func route(_ method: HTTPRequest.Method, _ path: String) -> Route {
        Route(
            method, path, access: .open, documentation: RouteDocumentation(path, "A test.", responses: [:])
        ) { _ in Reply() }
    }

    @Test("A path finds its route, literal parts before parameters, and its parameters decoded")
    func routing() throws {
        let table = RouteTable([route(.get, "/a/{id}"), route(.get, "/a/b"), route(.put, "/a/{id}/c")])
        func found(_ path: String) -> String? {
            guard case .route(let route, let parameters) = table.match(.get, path[...]) else { return nil }
            return ([route.path] + parameters.values).joined(separator: " ")
        }
        #expect(found("/a/b") == "/a/b")
        #expect(found("/a/x%20y") == "/a/{id} x y")
        #expect(found("/a/x%2Fb") == "/a/{id} x/b")
        for path in ["/a", "/a/", "/a/b/", "//a/b", "/a/%f", "/a/%ff", ""] { #expect(found(path) == nil, "\(path)") }
        guard case .otherMethods([.put]) = table.match(.get, "/a/x/c") else {
            Issue.record("the other method is not named")
            return
        }
    }

    @Test("Percent-encoding is undone, and what is no encoding or no UTF-8 is refused")
    func percentCoding() {
        #expect(PercentCoding.decode("a%20b+c") == "a b+c")
        #expect(PercentCoding.decode("a%20b+c", plusIsSpace: true) == "a b c")
        #expect(PercentCoding.decode("%C3%b6") == "ö")
        for text in ["", "a b&c=d/ö+%", "plain-._~"] {
            #expect(PercentCoding.decode(PercentCoding.encode(text)[...], plusIsSpace: true) == text)
        }
        for text in ["%", "%4", "%4g", "%ff", "%C3"] { #expect(PercentCoding.decode(text[...]) == nil, "\(text)") }
    }

    @Test("A bucket fills at its rate and never beyond its burst; a dear request waits for all of it")
    func tokenBucket() {
        let limiter = RateLimiter(rate: 10, burst: 20)
        #expect(limiter.spend(15, of: "a", at: .zero).remaining == 5)
        let refused = limiter.spend(10, of: "a", at: .zero)
        #expect(!refused.isAllowed)
        #expect(refused.retrySeconds == 1)
        #expect(limiter.spend(10, of: "b", at: .zero).isAllowed)
        #expect(limiter.spend(10, of: "a", at: .milliseconds(500)).remaining == 0)
        #expect(limiter.spend(0, of: "a", at: .seconds(3600)).remaining == 20)
        #expect(limiter.spend(500, of: "a", at: .seconds(3600)).isAllowed)
        #expect(!limiter.spend(500, of: "a", at: .seconds(3601)).isAllowed)
    }

    @Test("The number of buckets is bounded, and a full table still limits newcomers")
    func bucketCount() {
        let limiter = RateLimiter(rate: 1, burst: 2)
        for number in 0..<10_000 { _ = limiter.spend(1, of: "\(number)", at: .zero) }
        let newcomers = (0..<5).map { limiter.spend(1, of: "new \($0)", at: .zero).isAllowed }
        #expect(newcomers == [true, true, false, false, false])
        // Once the old buckets are full again they make room.
        #expect((0..<5).allSatisfy { limiter.spend(1, of: "late \($0)", at: .seconds(5)).isAllowed })
    }

    @Test("An answer is replayed to the same request only, until it is a day old")
    func idempotencyStore() throws {
        let store = IdempotencyStore()
        let (body, other) = (SHA256.digest(of: "body"), SHA256.digest(of: "other"))
        guard case .run = try store.begin("k", body: body, at: .zero) else { throw CancellationError() }
        #expect(throws: StrataError.self) { try store.begin("k", body: body, at: .zero) }
        store.finish("k", Reply(.created, body: .bytes([7])), at: .zero)
        guard case .replay(let reply) = try store.begin("k", body: body, at: .seconds(86_000)) else {
            throw CancellationError()
        }
        #expect(reply.status == .created)
        #expect(throws: StrataError.self) { try store.begin("k", body: other, at: .seconds(86_000)) }
        guard case .run = try store.begin("k", body: other, at: .seconds(86_401)) else { throw CancellationError() }
        store.abandon("k")
        guard case .run = try store.begin("k", body: body, at: .seconds(86_402)) else { throw CancellationError() }
    }

    @Test("Every code of the engine has a status of its own kind")
    func statuses() {
        let clientCodes: [StrataError.Code] = [
            .invalidArgument, .invalidFilter, .tooLarge, .notFound, .conflict, .dimensionMismatch, .invalidVector,
        ]
        let serverCodes: [StrataError.Code] = [
            .overloaded, .corrupted, .storageFailure, .locked, .unsupportedVersion, .modelInvalid,
            .runtimeUnavailable, .inferenceFailed, .closed, .internal,
        ]
        #expect(clientCodes.allSatisfy { (400..<500).contains(Problem.status(of: $0).code) })
        #expect(serverCodes.allSatisfy { (500..<600).contains(Problem.status(of: $0).code) })
        #expect(Problem.status(of: StrataError.Code("made_up")).code == 500)
    }

    @Test("Digests are compared whole")
    func constantTime() {
        #expect(isEqualInConstantTime("abc", "abc"))
        for other in ["abd", "xbc", "ab", "abcd", ""] { #expect(!isEqualInConstantTime("abc", other)) }
    }
}
