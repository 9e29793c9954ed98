internal import StrataCore

/// Runs `body` and cancels it when it takes longer than `time`.
///
/// The call returns when the work has ended: what cannot be cancelled, such as a commit that was handed in, is waited for.
///
/// - Throws: `deadline_exceeded`; what `body` throws.
func withTimeout<Value: Sendable>(
    _ time: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: time)
            return nil
        }
        defer { group.cancelAll() }
        if let value = try await group.next() ?? nil { return value }
        throw StrataError(
            .deadlineExceeded, "the request took longer than \(time); ask for less or allow more time",
            isRetryable: true)
    }
}
