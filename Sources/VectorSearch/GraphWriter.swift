internal import CVectorKernels
internal import Dispatch
internal import StrataCore
internal import Synchronization

/// What only the writer of a graph knows, and the changes it makes to the next state.
struct GraphWriter: Sendable {
    let options: GraphOptions
    let kernels: VectorKernels
    let scratches: ScratchPool
    /// Rows that can be used again.
    private var free: [UInt32] = []
    /// Rows that died since the last clean-up; links may name them.
    private var buried: [UInt32]
    /// Rows that no link names any more, and the last generation whose readers may have read one before.
    private var quarantine: [(generation: Generation, rows: [UInt32])] = []
    /// The number of linked rows when the entry was chosen last.
    private var centeredCount = 0

    /// Clean up when one in so many linked rows is dead.
    private static let buriedShare = 16
    private static let buriedMin = 32

    /// - Parameter buried: dead rows that links may name.
    init(options: GraphOptions, kernels: VectorKernels, scratches: ScratchPool, buried: [UInt32] = []) {
        self.buried = buried
        self.options = options
        self.kernels = kernels
        self.scratches = scratches
    }

    private var rule: vk_link_rule { vk_link_rule(degree: options.degree, alpha: options.alpha) }

    // MARK: - Rows

    /// Adds a row without links, and buries the one that the key had.
    ///
    /// - Returns: the new row, and the old one when links may name it.
    mutating func append(
        _ key: RecordKey, _ vector: UnsafePointer<Float>, factor: Double, bits: UInt8, to state: inout GraphState
    ) -> (row: UInt32, linkedOld: UInt32?) {
        let row = takeRow(&state)
        state.arena.write(
            row, key: key, vector: vector, factor: factor, bits: bits, birth: state.version + 1, kernels: kernels)
        state.reach(row)
        let old = state.row(key)
        state.locations[key] = Location(segment: 0, row: row)
        state.count += 1
        state.tagCounts[bits.trailingZeroBitCount] += 1
        state.tail.append(row)
        state.addedSince += 1
        return (row, old.flatMap { bury($0, in: &state) ? $0 : nil })
    }

    /// Removes a key's row; false when there is none.
    ///
    /// - Returns: the row when links may name it.
    mutating func remove(_ key: RecordKey, from state: inout GraphState) -> UInt32? {
        guard let old = state.row(key) else { return nil }
        state.locations[key] = nil
        return bury(old, in: &state) ? old : nil
    }

    private mutating func takeRow(_ state: inout GraphState) -> UInt32 {
        if free.isEmpty { releaseQuarantine() }
        if let row = free.popLast() { return row }
        if state.rowCount == state.arena.capacity { Self.grow(&state, rows: state.rowCount + 1) }
        state.rowCount += 1
        return UInt32(state.rowCount - 1)
    }

    /// Readers that hold the old arena keep it as it is: what is written from now on is written to the new one.
    static func grow(_ state: inout GraphState, rows: Int) {
        let arena = GraphArena(
            layout: state.arena.layout, linkWords: state.arena.linkWords, capacity: max(8 * rows, 1024))
        arena.copy(state.arena, rows: state.rowCount)
        state.arena = arena
    }

    /// Ends a row's life with this state; true when links may name it.
    private mutating func bury(_ row: UInt32, in state: inout GraphState) -> Bool {
        state.arena.bury(row, death: state.version + 1)
        state.count -= 1
        state.tagCounts[state.arena.tagBits(row).trailingZeroBitCount] -= 1
        buried.append(row)
        if let place = state.tail.lastIndex(of: row) {
            state.tail.remove(at: place)
            return false
        }
        if let place = state.strays.firstIndex(of: row) {
            state.strays.remove(at: place)
            return false
        }
        if state.entries.contains(row) { chooseEntry(insteadOf: row, in: &state) }
        return true
    }

    // MARK: - Links

    /// Links rows of the tail, on as many threads as the options allow.
    func link(_ rows: [UInt32], in state: inout GraphState) {
        guard !rows.isEmpty else { return }
        var rest = rows[...]
        if state.entries.isEmpty {
            // The first row has nothing to link to; walks begin there.
            state.entries = [rest.removeFirst()]
        }
        // A graph of few rows is grown by one thread: rows that are linked at once do not see one another.
        let alone = options.threadCount == 1 ? rest : rest.prefix(max(0, Self.aloneCount - state.linkedCount))
        rest = rest.dropFirst(alone.count)
        var strays = link(alone, state)
        if !rest.isEmpty {
            let (shared, before) = (rest, state)
            let next = Atomic<Int>(rest.startIndex)
            let found = Mutex<[UInt32]>([])
            DispatchQueue.concurrentPerform(iterations: options.threadCount) { _ in
                while true {
                    let first = next.add(Self.batchCount, ordering: .relaxed).oldValue
                    guard first < shared.endIndex else { return }
                    let strays = link(shared[first..<min(first + Self.batchCount, shared.endIndex)], before)
                    if !strays.isEmpty { found.withLock { $0 += strays } }
                }
            }
            strays += found.withLock { $0 }.sorted()
        }
        if rows.count == 1 {
            if let place = state.tail.lastIndex(of: rows[0]) { state.tail.remove(at: place) }
        } else {
            let linked = Set(rows)
            state.tail.removeAll { linked.contains($0) }
        }
        state.strays += strays
    }

    private static let aloneCount = 1000
    private static let batchCount = 16

    /// Links rows, and returns those that no row links back to.
    private func link(_ rows: ArraySlice<UInt32>, _ state: GraphState) -> [UInt32] {
        var strays: [UInt32] = []
        withWalk(state, ef: options.efConstruction) { graph, walk in
            for row in rows where kernels.table.pointee.link_row(&graph, &walk, row, rule) == 0 { strays.append(row) }
        }
        return strays
    }

    /// Mends the neighbourhoods of rows that were just buried.
    func unlink(_ rows: [UInt32], in state: GraphState) {
        guard !rows.isEmpty else { return }
        let ef = min(options.efConstruction, 64)
        withWalk(state, ef: ef) { graph, walk in
            for row in rows { kernels.table.pointee.unlink_row(&graph, &walk, row, rule) }
        }
    }

    private func withWalk(_ state: GraphState, ef: Int, _ body: (inout vk_graph, inout vk_walk) -> Void) {
        scratches.with { scratch in
            var (graph, walk) = (state.graph, scratch.walk(rowLimit: state.rowCount, ef: ef))
            state.entries.withUnsafeBufferPointer { entries in
                walk.entries = entries.baseAddress
                walk.entry_count = entries.count
                body(&graph, &walk)
            }
        }
    }

    // MARK: - Clean-up

    /// Whether so many rows are dead that walks would lose time on them.
    func needsCleanUp(_ state: GraphState) -> Bool {
        buried.count >= max(Self.buriedMin, state.linkedCount / Self.buriedShare)
    }

    /// Takes the dead rows out of all links, so that they can be used again when the readers of now are done.
    ///
    /// Readers of the state that comes next find the rows neither in a link nor among the entries.
    mutating func cleanUp(_ state: inout GraphState) {
        releaseQuarantine()
        guard !buried.isEmpty else { return }
        var graph = state.graph
        _ = kernels.table.pointee.mend_rows(&graph, 0, UInt32(state.rowCount), rule)
        for row in buried { state.arena.clearLinks(row) }
        quarantine.append((state.generation, buried))
        buried = []
        state.generation = Generation()
    }

    private mutating func releaseQuarantine() {
        while let first = quarantine.first, first.generation.isOver {
            free += first.rows
            quarantine.removeFirst()
        }
    }

    /// Links the rows anew that no path from an entry leads to; those that stay apart become strays.
    func gatherStrays(_ state: inout GraphState) {
        let unlinked = Set(state.tail)
        func lost() -> [UInt32] {
            let reached = reachedRows(state)
            return (0..<UInt32(state.rowCount)).filter { row in
                !state.arena.isDead(row) && reached[Int(row >> 6)] >> UInt64(row & 63) & 1 == 0
                    && !unlinked.contains(row)
            }
        }
        let apart = lost()
        state.strays = []
        guard !apart.isEmpty else { return }
        _ = link(apart[...], state)
        state.strays = lost()
    }

    /// One bit for each row that a path from an entry leads to.
    private func reachedRows(_ state: GraphState) -> [UInt64] {
        var reached = [UInt64](repeating: 0, count: (state.rowCount + 63) / 64)
        var open = state.entries
        for row in open { reached[Int(row >> 6)] |= 1 << UInt64(row & 63) }
        while let row = open.popLast() {
            for word in 0..<state.arena.linkWords {
                let pair = vk_load(state.arena.links + Int(row) * state.arena.linkWords + word)
                for target in [UInt32(truncatingIfNeeded: pair), UInt32(truncatingIfNeeded: pair >> 32)] {
                    guard target != .max else { continue }
                    let (index, bit) = (Int(target >> 6), UInt64(1) << UInt64(target & 63))
                    if reached[index] & bit == 0 {
                        reached[index] |= bit
                        open.append(target)
                    }
                }
            }
        }
        return reached
    }

    // MARK: - Entries

    /// Lets walks begin at a neighbour of an entry that has died, or else at any linked row.
    private func chooseEntry(insteadOf row: UInt32, in state: inout GraphState) {
        let arena = state.arena
        let near = arena.linked(row).first { !arena.isDead($0) }
        let unlinked = Set(near == nil ? state.scanned : [])
        let other = near ?? (0..<UInt32(state.rowCount)).first { !arena.isDead($0) && !unlinked.contains($0) }
        state.entries = other.map { [$0] } ?? []
    }

    /// Moves the entry to the middle when the graph has doubled since it was chosen.
    mutating func centerEntry(_ state: inout GraphState) {
        guard state.linkedCount >= max(64, 2 * centeredCount) else { return }
        centeredCount = state.linkedCount
        let scan = scratches.with { scratch -> UInt32? in
            guard let center = Self.centre(of: state, kernels: kernels) else { return nil }
            let search = GraphSearch(
                state: state, kernels: kernels, exactRowsMax: 0, scratch: scratch, scratches: scratches)
            var walk = scratch.walk(rowLimit: state.rowCount, ef: options.efConstruction)
            return search.walkedRows(&walk, center, isFiltered: false, count: 1) { _ in true }.first
        }
        if let scan { state.entries = [scan] }
    }

    /// The middle of a sample of rows; nil when they cancel out and the metric asks for a direction.
    static func centre(of state: GraphState, kernels: VectorKernels) -> PreparedQuery? {
        let layout = state.arena.layout
        var middle = [Float](repeating: 0, count: layout.dimension)
        let sample = state.locations.sample(1000)
        let share = 1 / Float(max(sample.count, 1))
        for location in sample {
            let vector = state.arena.vectors + Int(location.row) * layout.floatStride
            for component in 0..<layout.dimension { middle[component] += vector[component] * share }
        }
        return try? PreparedQuery(middle, layout: layout, kernels: kernels)
    }
}
