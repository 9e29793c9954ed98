internal import Foundation
public import StrataCore
internal import TextModels

/// Where things are when nobody says otherwise.
public enum StandardLocation {
    /// The data directory: `STRATA_DATA_DIR`, or else `data` in `STRATA_HOME`, which is `~/.local/share/strata` by
    /// default. Empty variables count as not set.
    ///
    /// - Throws: ``StrataError/Code/invalidArgument`` when neither these nor `HOME` is set.
    public static func dataDirectory(environment: [String: String]) throws -> String {
        if let path = environment["STRATA_DATA_DIR"], !path.isEmpty { return path }
        guard let home = StrataHome.path(environment: environment) else {
            throw StrataError(
                .invalidArgument,
                "no place for the data directory: set STRATA_DATA_DIR, STRATA_HOME or HOME, or name a folder")
        }
        return home + "/data"
    }
}

extension ModelChoice {
    /// The choice that a setting names: `none` for words only, `hashing` for no model, a path for that model folder, `standard`, an empty text
    /// or nil for the model of the set-up.
    public init(name: String?) {
        switch name {
        case nil, "", "standard": self = .standard
        case "none": self = .none
        case "hashing": self = .hashing
        case let folder?: self = .folder(folder)
        }
    }
}

extension MemoryEngine {
    /// Whether a folder holds a memory.
    public static func exists(at path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + DataDirectory.databaseName)
    }

    /// Refuses a folder that holds no memory, which ``open(at:configuration:)`` would fill with an empty one.
    ///
    /// - Throws: ``StrataError/Code/notFound``.
    public static func requireExisting(at path: String) throws {
        guard exists(at: path) else {
            throw StrataError(
                .notFound,
                """
                there is no memory in \(path); make one with `strata init` or `strata remember`, or name another \
                folder with --data-dir or STRATA_DATA_DIR
                """)
        }
    }

    /// What recalls will do without for want of a model; empty with one, and where none was wanted.
    public var modelDegradations: [Degradation] {
        guard let modelProblem else { return [] }
        return [embeddingSpace.map { .fallback(to: $0, modelProblem) } ?? .noModel(modelProblem)]
    }

    /// How many records forgetting would remove.
    public func count(of target: ForgetTarget, in namespace: String = defaultNamespace) async throws -> Int {
        try Validation.namespace(namespace, limits: configuration.limits)
        switch target {
        case .ids(let ids):
            var count = 0
            for id in Set(ids) where try await store.record(id, in: namespace) != nil { count += 1 }
            return count
        case .filter(let filter): return try await store.keys(in: namespace, matching: filter).count
        case .everything: return try await store.statistics(in: namespace, space: nil).recordCount
        }
    }
}
