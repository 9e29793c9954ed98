internal import Foundation
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import ServiceLifecycle
internal import Strata
internal import StrataCore

/// A page of the change log.
struct ChangePage: Encodable {
    let changes: [Change]
    /// What to ask for next: the number of the last change that was seen.
    let next: Int64
}

/// What changed: as pages, and as a stream of events that goes on.
struct ChangeRoutes: RouteGroup {
    /// How many changes are read and written at once.
    private static let pageCount = 500
    /// After this long without a change a comment is sent, so that nobody in between takes the stream for dead.
    private static let keepAlive: Duration = .seconds(15)

    let engine: MemoryEngine
    let limits: ServerLimits
    let load: ServerLoad

    var routes: [Route] {
        [
            Route(
                .get, "/v1/changes", access: .scope(.read), cost: 2,
                documentation: RouteDocumentation(
                    "listChanges",
                    "Changes after a number, oldest first; as events when text/event-stream is accepted.",
                    query: ["since": Schema.integer, "limit": Schema.integer],
                    responses: [
                        200: [
                            MediaType.json: Schema.named("ChangePage"), MediaType.events: Schema.string,
                        ]
                    ]), handler: changes)
        ]
    }

    private func changes(_ request: ServerRequest) async throws -> Reply {
        var query = FieldReader(query: request)
        var since = Int64(try query.integerText("since") ?? 0)
        let limit = try query.integerText("limit")
        try query.finish()
        guard since >= 0 else { throw StrataError(.invalidArgument, "since is \(since), expected 0 or more") }
        guard request.prefers(MediaType.events) else {
            let changes = try await engine.changes(since: since, in: request.namespace, limit: limit ?? Self.pageCount)
            return try .json(encoding: ChangePage(changes: changes, next: changes.last?.number ?? since))
        }
        guard limit == nil else { throw StrataError(.invalidArgument, "a stream has no limit; leave it out") }
        if let last = request.headers[.lastEventID] {
            guard let number = Int64(last), number >= 0 else {
                throw StrataError(.invalidArgument, "Last-Event-ID is no change number")
            }
            since = number
        }
        // A bad namespace is to fail here, as an answer, not in the middle of a stream.
        _ = try await engine.changes(since: since, in: request.namespace, limit: 1)
        return try stream(since: since, in: request.namespace)
    }

    private func stream(since start: Int64, in namespace: String) throws -> Reply {
        try load.enterStream(limits)
        let place = StreamPlace(load: load)
        return Reply(
            .ok, headers: [.contentType: MediaType.events, .cacheControl: "no-store", .accelBuffering: "no"],
            body: .stream { writer in
                defer { place.leave() }
                var cursor = start
                try await writer.write(ByteBuffer(string: ": open\n\n"))
                while let page = try await next(after: cursor, in: namespace) {
                    var text = page.isEmpty ? ": alive\n\n" : ""
                    for change in page { text += try Self.event(change) }
                    try await writer.write(ByteBuffer(string: text))
                    cursor = page.last?.number ?? cursor
                }
                try await writer.finish(nil)
            })
    }

    /// The next changes; none when it is time for a sign of life; nil when the server or the engine stops.
    private func next(after cursor: Int64, in namespace: String) async throws -> [Change]? {
        do {
            let page = try await engine.changes(since: cursor, in: namespace, limit: Self.pageCount)
            guard page.isEmpty else { return page }
        } catch let error as StrataError where error.code == .closed {
            return nil
        }
        let engine = engine
        return try await withThrowingTaskGroup(of: [Change]?.self) { group in
            group.addTask {
                var iterator = engine.changeFeed(since: cursor, in: namespace).makeAsyncIterator()
                return try await iterator.next().map { [$0] }
            }
            group.addTask {
                try await Task.sleep(for: Self.keepAlive)
                return []
            }
            group.addTask {
                try await gracefulShutdown()
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private static func event(_ change: Change) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = String(decoding: try encoder.encode(change), as: UTF8.self)
        return "id: \(change.number)\nevent: change\ndata: \(data)\n\n"
    }
}

/// A stream's place among those that are open; it is given back once, also when the stream is never written.
private final class StreamPlace: Sendable {
    private let load: ServerLoad
    private let isLeft = Once()

    init(load: ServerLoad) { self.load = load }

    deinit { leave() }

    func leave() { if isLeft.pass() { load.leaveStream() } }
}
