internal import Dispatch
internal import Foundation
internal import Synchronization

/// Notices Ctrl-C and requests to end, so that a long job can stop between two steps.
///
/// The second request ends the process at once; what was committed is on disk anyway.
final class Interruption: Sendable {
    private let isRequested = Atomic(false)
    // Sources are never changed after they were made.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    /// Whether the job was asked to stop.
    var isPending: Bool { isRequested.load(ordering: .relaxed) }

    init() {
        let queue = DispatchQueue(label: "strata.signals")
        sources = [SIGINT, SIGTERM].map { number in
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for source in sources {
            source.setEventHandler { [weak self] in
                guard let self, !self.isRequested.exchange(true, ordering: .relaxed) else {
                    _exit(ExitStatus.interrupted.rawValue)
                }
            }
            source.resume()
        }
    }

    deinit { for source in sources { source.cancel() } }
}
