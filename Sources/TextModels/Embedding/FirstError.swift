import Synchronization

/// Keeps the first error of work that goes on side by side.
final class FirstError: Sendable {
    private let error = Mutex<(any Error)?>(nil)

    func catching(_ work: () throws -> Void) {
        do {
            try work()
        } catch {
            self.error.withLock { $0 = $0 ?? error }
        }
    }

    func rethrow() throws {
        if let error = error.withLock(\.self) { throw error }
    }
}
