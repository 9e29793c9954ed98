internal import Strata
internal import StrataCore

/// What one process asks of the owner. A greeting comes first; then one answer follows each request.
enum LinkRequest: Codable, Sendable {
    case hello(version: Int)
    case remember([NewMemory], namespace: String, onDuplicate: DuplicatePolicy, ack: Acknowledgement)
    case recall(String, namespace: String, limit: Int, options: RecallOptions)
    case get(RecordID, namespace: String)
    case list(namespace: String, filter: Filter?, cursor: String?, limit: Int)
    case count(ForgetTarget, namespace: String)
    case forget(ForgetTarget, namespace: String)
    case update(RecordID, RecordPatch, namespace: String, ifChange: Int64?)
    case namespaces
    case stats(namespace: String?)
    case exportPage(ExportOptions, cursor: String?, countMax: Int)
    case restore([String], namespace: String?)
    case compact
    case deadLetters
    case replayDeadLetters(Set<String>?)
    case dropDeadLetters(Set<String>?)

    /// Grows whenever a message changes its meaning or form.
    static let version = 1
}

/// What the owner answers.
enum LinkAnswer: Codable, Sendable {
    case hello(version: Int, space: String?, degradations: [Degradation])
    case remembered([LinkResult<RememberOutcome>])
    case recalled(RecallAnswer)
    case record(MemoryRecord?)
    case page(RecordPage)
    case count(Int)
    case receipt(ForgetReceipt)
    case names([String])
    case statistics(EngineStatistics)
    case exported(ExportPage)
    case restored([LinkResult<RestoreOutcome>])
    case compacted(CompactionReceipt)
    case letters([DeadLetter])
    case replayed([ReplayedLetter])
    case failure(LinkError)
}

/// An error as it crosses the link: code, message and whether to try again, but no cause.
struct LinkError: Codable, Sendable {
    let code: String
    let message: String
    let isRetryable: Bool

    init(_ error: StrataError) {
        (code, message, isRetryable) = (error.code.description, error.message, error.isRetryable)
    }

    /// The error as its thrower made it.
    var error: StrataError { StrataError(StrataError.Code(code), message, isRetryable: isRetryable) }
}

/// One of several results.
enum LinkResult<Value: Codable & Sendable>: Codable, Sendable {
    case success(Value)
    case failure(LinkError)

    init(_ result: Result<Value, StrataError>) {
        switch result {
        case .success(let value): self = .success(value)
        case .failure(let error): self = .failure(LinkError(error))
        }
    }

    var result: Result<Value, StrataError> {
        switch self {
        case .success(let value): .success(value)
        case .failure(let failure): .failure(failure.error)
        }
    }
}

extension MemoryClient {
    /// Carries a request out.
    func answer(_ request: LinkRequest) async -> LinkAnswer {
        do {
            switch request {
            case .hello:
                return .hello(
                    version: LinkRequest.version, space: spaceIdentifier, degradations: modelDegradations)
            case .remember(let memories, let namespace, let onDuplicate, let ack):
                return .remembered(
                    try await remember(memories, in: namespace, onDuplicate: onDuplicate, ack: ack).map(LinkResult.init)
                )
            case .recall(let query, let namespace, let limit, let options):
                return .recalled(try await recall(query, in: namespace, limit: limit, options: options))
            case .get(let id, let namespace): return .record(try await get(id, in: namespace))
            case .list(let namespace, let filter, let cursor, let limit):
                return .page(try await list(in: namespace, matching: filter, cursor: cursor, limit: limit))
            case .count(let target, let namespace): return .count(try await count(of: target, in: namespace))
            case .forget(let target, let namespace): return .receipt(try await forget(target, in: namespace))
            case .update(let id, let patch, let namespace, let change):
                return .record(try await update(id, patch, in: namespace, ifChange: change))
            case .namespaces: return .names(try await namespaces())
            case .stats(let namespace): return .statistics(try await stats(in: namespace))
            case .exportPage(let options, let cursor, let countMax):
                return .exported(try await exportPage(options, cursor: cursor, countMax: countMax))
            case .restore(let lines, let namespace):
                return .restored(try await restore(lines: lines, in: namespace).map(LinkResult.init))
            case .compact: return .compacted(try await compact())
            case .deadLetters: return .letters(try await deadLetters())
            case .replayDeadLetters(let ids): return .replayed(try await replayDeadLetters(ids))
            case .dropDeadLetters(let ids): return .count(try await dropDeadLetters(ids))
            }
        } catch let error as StrataError {
            return .failure(LinkError(error))
        } catch {
            return .failure(
                LinkError(StrataError(.internal, "the owner gave the request up; try again", isRetryable: true)))
        }
    }
}
