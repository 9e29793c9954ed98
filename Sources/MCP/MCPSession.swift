internal import StrataCore
internal import Synchronization

/// One client's connection: the revision that was settled, and the requests that are being worked on.
///
/// Messages are taken in one after the other with ``receive(_:access:)``, which settles what depends on their order; the
/// work itself is done by whoever awaits the reply, so that answers may overtake one another.
public final class MCPSession: Sendable {
    private struct State {
        var version: ProtocolVersion?
        var running: [JSONValue: RunningRequest] = [:]
    }

    private let server: MCPServer
    private let state = Mutex(State())

    init(server: MCPServer) { self.server = server }

    /// The revision that `initialize` settled; nil before, and in stateless use.
    public var version: ProtocolVersion? { state.withLock(\.version) }

    /// Takes in one message, or a batch where the revision has batches.
    ///
    /// - Parameters:
    ///   - message: JSON as UTF-8. The transport bounds its size.
    ///   - access: what the sender may touch.
    /// - Returns: the reply to come. Every request gets one, and so does what cannot be understood; notifications,
    ///   responses and cancelled requests get none.
    public func receive(_ message: [UInt8], access: MCPAccess) -> MCPReply {
        guard let text = String(validating: message, as: UTF8.self) else {
            return .error(.parse("the message is not valid UTF-8"))
        }
        do {
            return receive(try JSONValue(jsonText: text), access: access)
        } catch let error as StrataError {
            return .error(.parse(error.message))
        } catch {
            return .error(.internal)
        }
    }

    func receive(_ value: JSONValue, access: MCPAccess) -> MCPReply {
        guard let elements = value.elements else { return receive(one: RPCMessage(value), access, inBatch: false) }
        guard version?.allowsBatches == true else {
            return .error(.invalidRequest("an array of messages is part of revision 2025-03-26 only"))
        }
        guard 1...MCPServer.batchCountMax ~= elements.count else {
            return .error(
                .invalidRequest(
                    "a batch of \(elements.count) messages; 1 through \(MCPServer.batchCountMax) are allowed"))
        }
        return .batch(elements.map { receive(one: RPCMessage($0), access, inBatch: true) })
    }

    private func receive(one message: RPCMessage, _ access: MCPAccess, inBatch: Bool) -> MCPReply {
        switch message {
        case .response: return .none
        case .invalid(let id, let error): return .error(error, id: id)
        case .notification("notifications/cancelled", let parameters):
            // In the stateless revision over HTTP a session is one request, so nobody can name another's.
            if let id = parameters["requestId"] { state.withLock { $0.running[id] }?.cancel() }
            return .none
        case .notification: return .none
        case .request(let request):
            do throws(RPCError) {
                return try receive(request, access, inBatch: inBatch)
            } catch {
                return .error(error, id: request.id)
            }
        }
    }

    private func receive(
        _ request: RPCMessage.Request, _ access: MCPAccess, inBatch: Bool
    ) throws(RPCError) -> MCPReply {
        if request.statedVersion == nil, request.method == "initialize" {
            guard !inBatch else { throw .invalidRequest("initialize must not be part of a batch") }
            return .result(server.initialization(try settleVersion(request.parameters)), id: request.id)
        }
        let version = try self.version(of: request)
        let running = RunningRequest()
        try state.withLock { state throws(RPCError) in
            guard state.running[request.id] == nil else {
                throw .invalidRequest("a request of that id is still being worked on")
            }
            guard state.running.count < MCPServer.runningCountMax else {
                throw .overloaded("\(state.running.count) requests are being worked on; wait for their answers")
            }
            state.running[request.id] = running
        }
        return .work(id: request.id) { [self] in
            defer { state.withLock { $0.running[request.id] = nil } }
            return await running.run { [server] in
                try await server.result(of: request.method, request.parameters, version, access)
            }
        }
    }

    /// Settles the revision of the connection, which cannot be done twice.
    private func settleVersion(_ parameters: [String: JSONValue]) throws(RPCError) -> ProtocolVersion {
        guard let wanted = parameters["protocolVersion"]?.stringValue else {
            throw .invalidParams("params.protocolVersion is missing or no string")
        }
        var version = ProtocolVersion(rawValue: wanted) ?? .newestWithHandshake
        if version.isStateless { version = .newestWithHandshake }
        try state.withLock { state throws(RPCError) in
            guard state.version == nil else { throw .invalidRequest("this connection is initialized already") }
            state.version = version
        }
        return version
    }

    /// The revision that a request is made in: the one it names, or else the connection's.
    private func version(of request: RPCMessage.Request) throws(RPCError) -> ProtocolVersion {
        guard let stated = request.statedVersion else {
            if let version { return version }
            if request.method == "ping" { return .newestWithHandshake }
            throw .invalidRequest("send initialize first, or name the revision in params._meta as 2026-07-28 does")
        }
        guard request.meta[RPCMessage.MetaKey.clientCapabilities] != nil else {
            throw .invalidParams("params._meta misses \(RPCMessage.MetaKey.clientCapabilities)")
        }
        guard let text = stated.stringValue else {
            throw .invalidParams("\(RPCMessage.MetaKey.protocolVersion) must be a string")
        }
        guard let version = ProtocolVersion(rawValue: text), version.isStateless else {
            throw .unsupportedVersion(text)
        }
        return version
    }
}

/// A request that is being worked on and can be called off, before its work begins as well as in its midst.
private final class RunningRequest: Sendable {
    private struct State {
        var isCancelled = false
        var task: Task<JSONValue, any Error>?
    }

    private let state = Mutex(State())

    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }

    /// The outcome of the work; nil when it was called off, by whomever.
    func run(_ work: @escaping @Sendable () async throws -> JSONValue) async -> Result<JSONValue, RPCError>? {
        let task = Task { try await work() }
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
        let result = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        if task.isCancelled { return nil }
        switch result {
        case .success(let value): return .success(value)
        case .failure(let error as RPCError): return .failure(error)
        case .failure(let error as StrataError):
            return .failure(RPCError(code: -32603, message: error.description))
        case .failure: return .failure(.internal)
        }
    }
}
