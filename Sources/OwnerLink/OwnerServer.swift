internal import Foundation
internal import Strata
internal import StrataCore
internal import Synchronization

/// Answers other processes of the same user on behalf of the one that owns a data directory.
///
/// It listens at `owner.sock` in the directory. Each connection has a thread of its own, which may block, and one request
/// at a time. A connection that greets wrongly or sends what cannot be read is told so and ended; the others go on.
public final class OwnerServer: Sendable {
    /// The socket's name in the data directory.
    public static let socketName = "owner.sock"
    /// More connections than that are told to come back later.
    private static let connectionCountMax = 32

    /// How long connections may go on once the owner wants to end.
    private static let stopSecondsMax = 1.0

    private struct State {
        var connections: [Int: UnixSocket] = [:]
        var numberLast = 0
        var isStopping = false
    }

    private let memory: any MemoryClient
    private let path: String
    private let listener: UnixSocket
    private let state = Mutex(State())
    private let threads = DispatchGroup()

    /// Starts to answer for the owner of a data directory.
    ///
    /// - Throws: ``StrataError/Code/storageFailure``, ``StrataError/Code/invalidArgument`` for a path that is too long.
    public init(for memory: any MemoryClient, dataDirectory: String) throws {
        self.memory = memory
        path = dataDirectory + "/" + Self.socketName
        listener = try UnixSocket.listening(at: path)
        start { $0.acceptAll() }
    }

    /// Takes no more connections, gives those that are open a moment to finish, and returns when they have ended. Called
    /// before the engine is closed.
    ///
    /// Requests under way are answered; a connection that goes on after that moment is ended between two requests.
    public func stop() async {
        let isFirst = state.withLock { state in
            defer { state.isStopping = true }
            return !state.isStopping
        }
        if isFirst {
            // Removed first: who finds no socket tries to own the directory instead.
            try? FileManager.default.removeItem(atPath: path)
            listener.stopReceiving()
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [self] in
                if threads.wait(timeout: .now() + Self.stopSecondsMax) == .timedOut {
                    state.withLock { state in
                        for connection in state.connections.values { connection.stopReceiving() }
                    }
                    threads.wait()
                }
                continuation.resume()
            }
        }
    }

    private func start(_ body: @escaping @Sendable (OwnerServer) -> Void) {
        threads.enter()
        let thread = Thread { [self] in
            body(self)
            threads.leave()
        }
        thread.name = "strata-owner"
        thread.start()
    }

    private func acceptAll() {
        while let connection = listener.nextCaller() {
            guard connection.isPeerThisUser else {
                connection.end()
                continue
            }
            let number = state.withLock { state -> Int? in
                guard !state.isStopping, state.connections.count < Self.connectionCountMax else { return nil }
                state.numberLast += 1
                state.connections[state.numberLast] = connection
                return state.numberLast
            }
            guard let number else {
                // An owner that is about to end says nothing: the caller then tries to own the directory itself.
                if state.withLock({ $0.isStopping }) {
                    connection.end()
                    continue
                }
                let error = StrataError(
                    .overloaded, "the owner has \(Self.connectionCountMax) connections, which is the limit; try later",
                    isRetryable: true)
                try? connection.write(LinkAnswer.failure(LinkError(error)))
                connection.end()
                continue
            }
            start { $0.serve(connection, number) }
        }
        listener.end()
    }

    private func serve(_ connection: UnixSocket, _ number: Int) {
        defer {
            state.withLock { $0.connections[number] = nil }
            connection.end()
        }
        do {
            guard case .hello(let version) = try connection.receive(LinkRequest.self), version == LinkRequest.version
            else {
                throw StrataError(
                    .unsupportedVersion,
                    "the owner speaks version \(LinkRequest.version) of the link; end it, or use the same Strata")
            }
            try connection.write(answer(.hello(version: version)))
            while true { try connection.write(answer(connection.receive(LinkRequest.self))) }
        } catch UnixSocket.Failure.ended {
            return
        } catch {
            let failure =
                error as? StrataError
                ?? StrataError(.invalidArgument, "the request cannot be read; use the same Strata as the owner")
            try? connection.write(LinkAnswer.failure(LinkError(failure)))
        }
    }

    /// Has a task carry a request out while this thread, which is no task's, waits.
    private func answer(_ request: LinkRequest) -> LinkAnswer {
        let answer = AnswerBox()
        let isDone = DispatchSemaphore(value: 0)
        Task { [memory] in
            let made = await memory.answer(request)
            answer.value.withLock { $0 = made }
            isDone.signal()
        }
        isDone.wait()
        return answer.value.withLock { $0 }
            ?? .failure(LinkError(StrataError(.internal, "the owner made no answer; please report this")))
    }
}

/// Carries an answer from a task to a thread.
private final class AnswerBox: Sendable {
    let value = Mutex<LinkAnswer?>(nil)
}
