internal import StrataCore

/// The answer to come to one message that a session took in.
public struct MCPReply: Sendable {
    indirect enum Content: Sendable {
        case none
        case ready(JSONValue)
        case work(id: JSONValue, @Sendable () async -> Result<JSONValue, RPCError>?)
        case batch([MCPReply])
    }

    /// A message as it goes out, with the status that the stateless revision gives it over HTTP.
    struct Outgoing {
        let json: JSONValue
        var httpStatus = 200
    }

    private let content: Content
    private let httpStatus: Int

    private init(_ content: Content, httpStatus: Int = 200) {
        self.content = content
        self.httpStatus = httpStatus
    }

    static let none = Self(.none)
    static func error(_ error: RPCError, id: JSONValue = nil) -> Self {
        Self(.ready(error.response(to: id)), httpStatus: error.httpStatus)
    }
    static func result(_ result: JSONValue, id: JSONValue) -> Self {
        Self(.ready(["jsonrpc": "2.0", "id": id, "result": result]))
    }
    static func work(id: JSONValue, _ work: @escaping @Sendable () async -> Result<JSONValue, RPCError>?) -> Self {
        Self(.work(id: id, work))
    }
    static func batch(_ replies: [MCPReply]) -> Self { Self(.batch(replies)) }

    /// Does the work and gives the answer as one line of JSON, without a line end; nil when there is none to send.
    ///
    /// Must be called exactly once: an id is in use until its request was worked on. Cancelling the task cancels the work.
    public func bytes() async -> [UInt8]? { await outgoing().map { Array($0.json.jsonText.utf8) } }

    func outgoing() async -> Outgoing? {
        switch content {
        case .none: return nil
        case .ready(let json): return Outgoing(json: json, httpStatus: httpStatus)
        case .work(let id, let work):
            switch await work() {
            case nil: return nil
            case .success(let result)?: return Outgoing(json: ["jsonrpc": "2.0", "id": id, "result": result])
            case .failure(let error)?: return Outgoing(json: error.response(to: id), httpStatus: error.httpStatus)
            }
        case .batch(let replies):
            let answers = await withTaskGroup(of: (Int, JSONValue?).self) { group in
                for (index, reply) in replies.enumerated() {
                    group.addTask { (index, await reply.outgoing()?.json) }
                }
                var answers: [(Int, JSONValue)] = []
                for await (index, answer) in group { if let answer { answers.append((index, answer)) } }
                return answers.sorted { $0.0 < $1.0 }.map(\.1)
            }
            return answers.isEmpty ? nil : Outgoing(json: .array(answers))
        }
    }
}
