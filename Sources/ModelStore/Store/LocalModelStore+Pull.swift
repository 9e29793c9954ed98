internal import Foundation
internal import StrataCore
internal import Synchronization
internal import TextModels

/// What to fetch and how.
public struct PullOptions: Sendable {
    /// A branch, a tag or a commit.
    public var revision = "main"
    /// The name in the store; nil takes the card's.
    public var name: String?
    /// The card's bytes, for a repository without one; nil takes the repository's `strata-model.json`.
    public var card: [UInt8]?
    /// Paths in the repository for files that the card names by their last part, for example `onnx/model.onnx`; other
    /// files are looked for, those nearest to the root first.
    public var paths: [String] = []
    /// Whether a model of that name gives way.
    public var replaces = false
    /// Files fetched side by side, 1 through 16.
    public var parallelCount = 4
    /// The most bytes of one file.
    public var fileBytesMax = 64 << 30
    /// No request is sent; a model that is there already is found.
    public var isOffline = false
    /// The longest silence of the server.
    public var silenceMax = Duration.seconds(30)
    /// How failed requests are repeated.
    public var retries = RetryPolicy()

    /// The defaults.
    public init() {}
}

/// How far a pull is.
public struct PullProgress: Sendable, Hashable {
    /// Bytes that are there.
    public var bytesDone = 0
    /// Of these, bytes that an earlier pull had fetched.
    public var bytesResumed = 0
    /// Bytes of all files whose size is known.
    public var bytesTotal = 0
    /// Files that are whole.
    public var filesDone = 0
    /// Files in all.
    public var fileCount = 0
}

/// What a pull did.
public struct PullOutcome: Sendable {
    /// The model.
    public let model: InstalledModel
    /// Whether it was there already, so that nothing was fetched.
    public let isKnown: Bool
}

extension LocalModelStore {
    /// Fetches a model. What an interrupted pull has fetched is not fetched again.
    ///
    /// - Parameters:
    ///   - repository: `NAME` or `OWNER/NAME`.
    ///   - hub: where from; nil only with ``PullOptions/isOffline``.
    ///   - progress: told how far it is, from any thread, up to once a mebibyte.
    /// - Throws: ``StrataError``: `unreachable`, `notFound`, `corrupted`, `conflict`, `tooLarge`, `modelInvalid` for a bad
    ///   card, `invalidArgument`, `locked`, `storageFailure`; `CancellationError`.
    public func pull(
        _ repository: String, from hub: ModelHub?, options: PullOptions = PullOptions(),
        progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
    ) async throws -> PullOutcome {
        try ModelHub.check(repository: repository, revision: options.revision)
        if options.isOffline { return try await pullOffline(repository, options) }
        guard let hub else { throw StrataError(.invalidArgument, "a pull needs a hub, or --offline") }
        let transport = HTTPTransport(
            environment: environment, options: .init(silenceMax: options.silenceMax))
        let run = PullRun(
            store: self, repository: repository, hub: hub, transport: transport, options: options,
            progress: PullMeter(report: progress))
        return try await run.run()
    }

    private func pullOffline(_ repository: String, _ options: PullOptions) async throws -> PullOutcome {
        let known = try await list().first { model in
            guard let manifest = model.manifest, manifest.repository == repository else { return false }
            return [manifest.revision, manifest.commit].contains(options.revision)
        }
        guard let known else {
            throw StrataError(
                .notFound, "\(repository) at \(options.revision) is not in \(folder), and --offline forbids fetching it"
            )
        }
        return PullOutcome(model: known, isKnown: true)
    }
}

/// Adds up the progress of files that come side by side.
final class PullMeter: Sendable {
    private let state = Mutex((progress: PullProgress(), sizes: [String: Int](), totals: [String: Int]()))
    private let report: @Sendable (PullProgress) -> Void

    init(report: @escaping @Sendable (PullProgress) -> Void) { self.report = report }

    func begin(fileCount: Int, totals: [String: Int]) {
        state.withLock {
            $0.progress.fileCount = fileCount
            $0.totals = totals
        }
    }

    func resumed(_ sizeBytes: Int) { state.withLock { $0.progress.bytesResumed += sizeBytes } }

    func show(_ name: String, sizeBytes: Int, total: Int?, isDone: Bool = false) {
        let progress = state.withLock { state in
            state.sizes[name] = sizeBytes
            if let total { state.totals[name] = total }
            if isDone { state.progress.filesDone += 1 }
            state.progress.bytesDone = state.sizes.values.reduce(0, +)
            state.progress.bytesTotal = state.totals.values.reduce(0, +)
            return state.progress
        }
        report(progress)
    }
}
