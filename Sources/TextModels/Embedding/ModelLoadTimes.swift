/// How long the parts of loading a model took; the tokenizer and the session are made side by side.
public struct ModelLoadTimes: Sendable, Hashable {
    /// Opening ONNX Runtime, on the first load of the process.
    public internal(set) var library = Duration.zero
    /// Looking whether the files are those that were checked before; with a first check, also hashing them.
    public internal(set) var verification = Duration.zero
    /// Reading `tokenizer.json`.
    public internal(set) var tokenizer = Duration.zero
    /// Making the session.
    public internal(set) var session = Duration.zero
    /// The self-test, which a first check makes.
    public internal(set) var selfTest = Duration.zero
    /// Measuring how runs are best laid out on this machine, which the first load on it does.
    public internal(set) var tuning = Duration.zero

    /// Does some work and notes its time.
    mutating func measure<Result>(
        _ part: WritableKeyPath<ModelLoadTimes, Duration>, _ work: () throws -> Result
    ) rethrows -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        defer { self[keyPath: part] = start.duration(to: clock.now) }
        return try work()
    }
}
