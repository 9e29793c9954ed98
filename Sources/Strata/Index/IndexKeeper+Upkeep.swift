internal import StrataCore
internal import Synchronization
internal import VectorSearch

/// What makes searches and openings faster and is not needed for a right answer: links, calibration, files.
///
/// It runs on one thread of low priority, in small steps, while there is something to do: it is started by a load and by
/// a commit, and ended by ``close()``.
extension IndexKeeper {
    /// How many rows get their links in a step, some milliseconds, for which a commit may have to wait.
    private static let stepRowCount = 32
    /// Files are written at most so often while the engine is open.
    private static let saveInterval = Duration.seconds(60)

    private enum Step {
        case maintain([UInt8], AdaptiveIndex)
        case save([UInt8], AdaptiveIndex)
    }

    /// Starts the upkeep if it is not running and has something to do.
    func pokeUpkeep() {
        let now = now()
        state.withLock { state in
            guard state.upkeep == nil, nextStep(&state, now: now) != nil else { return }
            state.upkeep = Task { await self.keepUp() }
        }
    }

    private func keepUp() async {
        while true {
            let now = now()
            let step = state.withLock { state in
                let step = nextStep(&state, now: now)
                if step == nil { state.upkeep = nil }
                return step
            }
            switch step {
            case .maintain(let key, let index):
                let before = index.status.unlinkedCount
                _ = try? await thread.run { index.maintain(rowsMax: Self.stepRowCount) }
                let linkedCount = max(0, before - index.status.unlinkedCount)
                state.withLock { $0.entries[key]?.unsavedCount += linkedCount }
            case .save(let key, let index): await save(key, index)
            case nil: return
            }
        }
    }

    /// What is to be done next; links come before files.
    private func nextStep(_ state: inout State, now: Timestamp) -> Step? {
        guard !state.isClosing else { return nil }
        var save: Step?
        for (key, entry) in state.entries {
            guard case .ready(let index) = entry.phase else { continue }
            if index.needsMaintenance { return .maintain(key, index) }
            let isSoon = entry.lastSave.map { now - $0 < Self.saveInterval } ?? false
            if !isSoon, !entry.isChanging, isWorthSaving(entry, index) { save = .save(key, index) }
        }
        return save
    }

    /// Whether a file would save the next opening more than writing it costs.
    private func isWorthSaving(_ entry: Entry, _ index: AdaptiveIndex) -> Bool {
        guard folder != nil, !entry.isSaving, !entry.saveFailed else { return false }
        let status = index.status
        return status.isGraph && status.unlinkedCount < status.rowCount / 8
            && entry.unsavedCount >= max(options.unsavedChangeCountMax, status.rowCount / 8)
    }

    private func save(_ key: [UInt8], _ index: AdaptiveIndex) async {
        guard let folder else { return }
        let change = state.withLock { state -> (namespace: String, number: Int64)? in
            // It may have left memory since it was chosen.
            guard let entry = state.entries[key], !entry.isChanging, case .ready(let present) = entry.phase,
                present === index
            else { return nil }
            state.entries[key]?.isSaving = true
            return (entry.namespace, max(entry.loadedChange, state.lastChange))
        }
        guard let change else { return }
        var isSaved = false
        if let last = try? await store.changes(since: change.number - 1, in: nil, limit: 1).first,
            last.number == change.number
        {
            let mark = ChangeMark(last)
            let written = try? await thread.run { try folder.save(index, of: change.namespace, mark: mark) }
            isSaved = written ?? false
        }
        let now = now()
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            defer { state.entries[key]?.waiting = [] }
            state.entries[key]?.isSaving = false
            state.entries[key]?.lastSave = now
            // A full disk is not tried again and again; the next session will.
            state.entries[key]?.saveFailed = !isSaved
            if isSaved { state.entries[key]?.unsavedCount = 0 }
            return state.entries[key]?.waiting ?? []
        }
        for commit in waiting { commit.resume() }
    }

    /// Removes what an interrupted session left behind: half-written files, and those that hold what was forgotten since.
    ///
    /// The change log is what tells: a removal is in it from the moment on at which it holds.
    func cleanUp() async {
        guard let folder else { return }
        let found = try? await offPool { () -> [String: IndexFolder.Label] in
            folder.removeLeftovers()
            return folder.labels()
        }
        guard let labels = found else { return }
        for label in labels.values {
            let limit = 10_000
            let changes = try? await store.changes(since: label.mark.number, in: label.namespace, limit: limit)
            guard let changes, changes.count < limit, !changes.contains(where: \.isRemoval) else {
                try? await offPool { folder.remove(label.namespace) }
                continue
            }
        }
    }

    /// Waits until the upkeep has nothing more to do.
    func settled() async {
        while let upkeep = state.withLock({ $0.upkeep }) { await upkeep.value }
    }

    /// Ends the upkeep at its next step and writes the files that are worth it.
    func close() async {
        let upkeep = state.withLock { state in
            state.isClosing = true
            return state.upkeep
        }
        await upkeep?.value
        let ready = state.withLock { state in
            state.entries.compactMap { key, entry -> ([UInt8], AdaptiveIndex)? in
                guard case .ready(let index) = entry.phase, isWorthSaving(entry, index) else { return nil }
                return (key, index)
            }
        }
        for (key, index) in ready { await save(key, index) }
        thread.stop()
    }

    /// Has indexes leave memory that nobody has asked for since a moment; the next use loads them again.
    ///
    /// One that is loading, being written or changed, or whose links or file are still to be made, stays.
    ///
    /// - Returns: how many left.
    func unload(unusedSince moment: Timestamp) -> Int {
        state.withLock { state in
            let idle = state.entries.filter { _, entry in
                guard case .ready(let index) = entry.phase, entry.lastUsed <= moment else { return false }
                return !entry.isSaving && !entry.isChanging && !index.needsMaintenance && !isWorthSaving(entry, index)
            }
            for key in idle.keys { state.entries[key] = nil }
            return idle.count
        }
    }

    /// The bytes of all loaded indexes.
    var residentBytes: Int {
        state.withLock { state in
            state.entries.values.reduce(0) { sum, entry in
                if case .ready(let index) = entry.phase { sum + index.residentBytes } else { sum }
            }
        }
    }

    /// The indexes of one namespace or of all, as they are in memory and in files.
    func statistics(in namespace: String?) async -> [VectorIndexStatistics] {
        let folder = folder
        let files = (try? await offPool { folder?.labels() ?? [:] }) ?? [:]
        var labels: [[UInt8]: (name: String, label: IndexFolder.Label)] = [:]
        for (name, label) in files where label.space == space.identifier {
            labels[Array(label.namespace.utf8)] = (name, label)
        }
        let loaded = state.withLock { state in
            state.entries.compactMapValues { entry -> (String, AdaptiveIndex)? in
                if case .ready(let index) = entry.phase { (entry.namespace, index) } else { nil }
            }
        }
        return Set(labels.keys).union(loaded.keys).sorted { $0.lexicographicallyPrecedes($1) }.compactMap { key in
            let (index, file) = (loaded[key]?.1, labels[key])
            let name = loaded[key]?.0 ?? file?.label.namespace ?? ""
            guard namespace.map({ $0.utf8.elementsEqual(name.utf8) }) ?? true else { return nil }
            let status = index?.status
            return VectorIndexStatistics(
                namespace: name, kind: status.map { $0.isGraph ? .graph : .exact } ?? .notLoaded,
                vectorCount: status?.rowCount ?? file?.label.vectorCount ?? 0,
                linkedCount: status.map { $0.isGraph ? $0.rowCount - $0.unlinkedCount : 0 } ?? 0,
                residentBytes: status?.residentBytes ?? 0, recall: status?.calibration?.recall,
                file: file == nil ? .none : .saved,
                fileBytes: file.flatMap { folder?.fileBytes($0.name, $0.label) } ?? 0)
        }
    }
}
