internal import StrataCore

/// Which records of a namespace follow one another: its sessions, each in the order in which things happened.
///
/// A turn of a conversation is often understood only with those around it ("Yes, on Tuesday!"), so recall scores a record
/// together with its neighbours. The table holds 32 bytes a record, which makes that a matter of array look-ups.
struct ThreadTable: Sendable {
    /// A place in the table's columns.
    typealias Slot = Int32

    private struct Place: Sendable, Equatable {
        var time = Timestamp(milliseconds: 0)
        var session: Int32 = ThreadTable.none
        var speaker: Int32 = ThreadTable.none
        var previous: Slot = ThreadTable.none
        var next: Slot = ThreadTable.none
    }

    /// No slot, session or speaker.
    static let none: Int32 = -1

    /// Ascending: the store never uses a key again, so new records go to the end.
    private var keys: [RecordKey] = []
    private var places: [Place] = []
    private var isGone: [Bool] = []
    private var goneCount = 0
    /// The first and the last slot of each session.
    private var ends: [(first: Slot, last: Slot)] = []
    private var sessions: [String: Int32] = [:]
    private var speakers: [String: Int32] = [:]
    /// For each term of a speaker's name, who bears it.
    private var bearers: [String: Set<Int32>] = [:]
    private let terms: @Sendable (String) -> [String]

    /// A table of rows.
    ///
    /// - Parameter terms: how a speaker's name is analysed; as queries are.
    init(_ rows: some Sequence<ThreadRow> = [], terms: @escaping @Sendable (String) -> [String]) {
        self.terms = terms
        for row in rows.sorted(by: { ($0.time, $0.key) < ($1.time, $1.key) }) { append(row) }
        sortByKey()
    }

    /// How many records it knows.
    var count: Int { keys.count - goneCount }

    /// The slot of a record; nil for one that it does not know.
    func slot(of key: RecordKey) -> Slot? {
        let at = lowerBound(key)
        return at < keys.count && keys[at] == key && !isGone[at] ? Slot(at) : nil
    }

    /// The record at a slot.
    func key(at slot: Slot) -> RecordKey { keys[Int(slot)] }
    /// The record before in the session, or ``none``.
    func previous(_ slot: Slot) -> Slot { places[Int(slot)].previous }
    /// The record after in the session, or ``none``.
    func next(_ slot: Slot) -> Slot { places[Int(slot)].next }
    /// Whether the record belongs to a session.
    func isThreaded(_ slot: Slot) -> Bool { places[Int(slot)].session != Self.none }
    /// The number of who spoke, or ``none``.
    func speaker(_ slot: Slot) -> Int32 { places[Int(slot)].speaker }
    /// When what it tells happened.
    func time(_ slot: Slot) -> Timestamp { places[Int(slot)].time }

    /// The speakers whose names share a term with a query; none when nobody or everybody is meant, since neither tells
    /// records apart.
    func speakers(namedIn queryTerms: some Sequence<String>) -> Set<Int32> {
        let named = queryTerms.reduce(into: Set<Int32>()) { named, term in named.formUnion(bearers[term] ?? []) }
        return named.count < speakers.count ? named : []
    }

    /// Adds a record, or moves it to where it stands now.
    mutating func upsert(_ row: ThreadRow) {
        let at = lowerBound(row.key)
        if at < keys.count, keys[at] == row.key {
            if isGone[at] {
                isGone[at] = false
                goneCount -= 1
            } else {
                unlink(Slot(at))
            }
            places[at] = place(of: row)
            link(Slot(at))
        } else if at == keys.count {
            append(row)
        } else {
            // A key below the last one that is new here: two loads crossed. Making the table anew keeps its order.
            append(row)
            sortByKey()
        }
    }

    /// Removes a record; one that it does not know is passed over.
    mutating func remove(_ key: RecordKey) {
        guard let slot = slot(of: key) else { return }
        unlink(slot)
        places[Int(slot)] = Place()
        isGone[Int(slot)] = true
        goneCount += 1
        if goneCount > 1024, goneCount > keys.count / 2 { sortByKey() }
    }

    // MARK: Columns

    private mutating func append(_ row: ThreadRow) {
        keys.append(row.key)
        places.append(place(of: row))
        isGone.append(false)
        link(Slot(keys.count - 1))
    }

    private func lowerBound(_ key: RecordKey) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Puts the columns in the order of the keys and leaves out what is gone.
    private mutating func sortByKey() {
        let order = keys.indices.filter { !isGone[$0] }.sorted { keys[$0] < keys[$1] }
        var moved = [Slot](repeating: Self.none, count: keys.count)
        for (to, from) in order.enumerated() { moved[from] = Slot(to) }
        func new(_ slot: Slot) -> Slot { slot == Self.none ? slot : moved[Int(slot)] }
        keys = order.map { keys[$0] }
        places = order.map { from in
            var place = places[from]
            place.previous = new(place.previous)
            place.next = new(place.next)
            return place
        }
        isGone = Array(repeating: false, count: keys.count)
        goneCount = 0
        ends = ends.map { (new($0.first), new($0.last)) }
    }

    // MARK: Threads

    private func precedes(_ left: Slot, _ right: Slot) -> Bool {
        (places[Int(left)].time, keys[Int(left)]) < (places[Int(right)].time, keys[Int(right)])
    }

    /// Puts a slot into its session. Records mostly come in order, so the place is sought from the end, or from the start
    /// for one that comes before all others.
    private mutating func link(_ slot: Slot) {
        let session = Int(places[Int(slot)].session)
        guard session >= 0 else { return }
        let (first, last) = ends[session]
        guard first != Self.none else {
            ends[session] = (slot, slot)
            return
        }
        var before = precedes(slot, first) ? Self.none : last
        while before != Self.none, precedes(slot, before) { before = places[Int(before)].previous }
        let after = before == Self.none ? first : places[Int(before)].next
        places[Int(slot)].previous = before
        places[Int(slot)].next = after
        if before == Self.none { ends[session].first = slot } else { places[Int(before)].next = slot }
        if after == Self.none { ends[session].last = slot } else { places[Int(after)].previous = slot }
    }

    private mutating func unlink(_ slot: Slot) {
        let place = places[Int(slot)]
        guard place.session != Self.none else { return }
        if place.previous == Self.none {
            ends[Int(place.session)].first = place.next
        } else {
            places[Int(place.previous)].next = place.next
        }
        if place.next == Self.none {
            ends[Int(place.session)].last = place.previous
        } else {
            places[Int(place.next)].previous = place.previous
        }
    }

    private mutating func place(of row: ThreadRow) -> Place {
        var place = Place(time: row.time)
        if let name = row.session {
            place.session = sessions[name, default: Int32(ends.count)]
            if place.session == ends.count {
                sessions[name] = place.session
                ends.append((Self.none, Self.none))
            }
        }
        if let name = row.speaker {
            place.speaker = speakers[name, default: Int32(speakers.count)]
            if place.speaker == speakers.count {
                speakers[name] = place.speaker
                for term in terms(name) { bearers[term, default: []].insert(place.speaker) }
            }
        }
        return place
    }
}
