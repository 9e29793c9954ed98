import Dispatch
import StrataCore
import Synchronization

/// A model folder's tokenizer and session, its weights hashed; the self-test is left to whoever knows how to run it.
struct LoadedModel: Sendable {
    let folder: ModelFolder
    let tokenizer: Tokenizer
    let session: OnnxSession
    /// The first 12 hexadecimal digits of the weights' SHA-256.
    let revision: String
    private let record: VerificationRecord
    private let isVerified: Bool

    /// Loads a folder.
    ///
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/modelInvalid``, ``StrataError/Code/storageFailure``.
    init(
        folder path: String, kind: ModelCard.Kind, runtime: OnnxRuntime, options: OnnxSession.Options,
        verification: ModelVerification, times: inout ModelLoadTimes
    ) throws {
        let folder = try ModelFolder(path: path, kind: kind)
        let (record, isVerified) = try times.measure(\.verification) {
            try VerificationRecord.check(folder, runtimeVersion: runtime.version, verification)
        }
        let made = try Self.make(folder, runtime: runtime, options: options)
        (tokenizer, times.tokenizer) = try made.tokenizer.get()
        (session, times.session) = try made.session.get()
        self.folder = folder
        self.record = record
        self.isVerified = isVerified
        revision = String(record.weightsDigest.prefix(12))
    }

    /// Runs the self-test unless this state of the files has passed it before, and keeps that it passed.
    func testOnce(_ times: inout ModelLoadTimes, _ selfTest: () throws -> Void) throws {
        guard !isVerified else { return }
        try times.measure(\.selfTest, selfTest)
        record.write(to: folder)
    }

    /// What loading makes side by side, as either part takes about as long as the other.
    private struct Parts: Sendable {
        var tokenizer: Result<(Tokenizer, Duration), any Error> = .failure(CancellationError())
        var session: Result<(OnnxSession, Duration), any Error> = .failure(CancellationError())
    }

    private static func make(
        _ folder: ModelFolder, runtime: OnnxRuntime, options: OnnxSession.Options
    ) throws -> Parts {
        let parts = Mutex(Parts())
        DispatchQueue.concurrentPerform(iterations: 2) { part in
            if part == 0 {
                let session = timed { try OnnxSession(runtime: runtime, modelAt: folder.modelPath, options: options) }
                parts.withLock { $0.session = session }
            } else {
                let tokenizer = timed { try Tokenizer(contentsOf: folder.tokenizerPath) }
                parts.withLock { $0.tokenizer = tokenizer }
            }
        }
        return parts.withLock(\.self)
    }

    private static func timed<Made>(_ make: () throws -> Made) -> Result<(Made, Duration), any Error> {
        let clock = ContinuousClock()
        let start = clock.now
        return Result { (try make(), start.duration(to: clock.now)) }
    }
}
