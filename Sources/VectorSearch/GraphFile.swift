internal import StrataCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What a row of an index file is.
enum RowMark: UInt8 {
    /// Not live; links may still name it.
    case dead = 0
    case linked = 1
    /// Waits for its links.
    case waiting = 2
    case stray = 3
}

/// An index file: a header, then one section for each array of the arena.
enum GraphFile {
    /// Writes a state beside the file, makes it durable, and puts it in the file's place: whatever happens on the way, the
    /// old file or the new one is there.
    ///
    /// - Throws: ``StrataError/Code/storageFailure``.
    static func write(_ state: GraphState, change: Int64, to path: String) throws {
        let aside = path + ".new"
        let descriptor = open(aside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot create \(aside)") }
        do {
            defer { close(descriptor) }
            try write(state, change: change, to: descriptor, path: aside)
            guard fsync(descriptor) == 0 else { throw failure("cannot sync \(aside)") }
        } catch {
            unlink(aside)
            throw error
        }
        guard rename(aside, path) == 0 else {
            let error = failure("cannot rename \(aside)")
            unlink(aside)
            throw error
        }
        try syncFolder(of: path)
    }

    private static func write(_ state: GraphState, change: Int64, to descriptor: Int32, path: String) throws {
        let arena = state.arena
        var header = GraphFileHeader()
        header.dimension = arena.layout.dimension
        header.metric = arena.layout.metric
        header.degree = arena.linkWords * 2
        header.rowCount = state.rowCount
        header.change = change
        header.calibration = state.calibration
        header.calibratedCount = state.calibratedCount
        header.addedSince = state.addedSince
        header.entry = state.entries.first ?? .max
        var keys = (0..<UInt32(state.rowCount)).map { arena.key($0).littleEndian }
        var marks = marks(of: state)
        let counts = header.sectionByteCounts
        try keys.withUnsafeMutableBytes { keys in
            try marks.withUnsafeMutableBytes { marks in
                let sections = [keys, marks] + arrays(of: arena, byteCounts: counts)
                for (section, offset) in zip(sections, header.sectionOffsets) {
                    try put(UnsafeRawBufferPointer(section), descriptor, at: offset, path)
                }
                // The last section may end before the file does.
                guard ftruncate(descriptor, off_t(header.fileByteCount)) == 0 else {
                    throw failure("cannot write \(path)")
                }
            }
        }
        for row in marks.indices where marks[row] == RowMark.dead.rawValue {
            try clear(row, descriptor, header, path)
        }
        header.checksums = try checksums(descriptor, header, path)
        try header.encoded().withUnsafeBytes { try put($0, descriptor, at: 0, path) }
    }

    /// Overwrites what a dead row says of its vector: it may have been forgotten. Walks may still pass the row.
    private static func clear(
        _ row: Int, _ descriptor: Int32, _ header: GraphFileHeader, _ path: String
    ) throws {
        for section in 3..<header.sectionByteCounts.count {
            let byteCount = header.sectionByteCounts[section] / header.rowCount
            let offset = header.sectionOffsets[section] + row * byteCount
            try [UInt8](repeating: 0, count: byteCount).withUnsafeBytes { try put($0, descriptor, at: offset, path) }
        }
    }

    /// The checksums of the sections as they are in the file.
    private static func checksums(
        _ descriptor: Int32, _ header: GraphFileHeader, _ path: String
    ) throws -> [UInt64] {
        guard let base = mmap(nil, header.fileByteCount, PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED
        else { throw failure("cannot map \(path)") }
        defer { munmap(base, header.fileByteCount) }
        let sections = zip(header.sectionOffsets, header.sectionByteCounts).map { offset, count in
            UnsafeMutableRawBufferPointer(start: base + offset, count: count)
        }
        return try GraphFileSections(sections: sections).checksums()
    }

    private static func marks(of state: GraphState) -> [UInt8] {
        var marks = (0..<UInt32(state.rowCount)).map { row in
            state.arena.isDead(row)
                ? RowMark.dead.rawValue
                : RowMark.linked.rawValue << 4 | UInt8(state.arena.tagBits(row).trailingZeroBitCount)
        }
        func mark(_ rows: [UInt32], _ mark: RowMark) {
            for row in rows { marks[Int(row)] = mark.rawValue << 4 | marks[Int(row)] & 7 }
        }
        mark(state.tail, .waiting)
        mark(state.strays, .stray)
        return marks
    }

    /// The arrays that lie in the file as they do in memory, on machines whose bytes have the file's order.
    private static func arrays(of arena: GraphArena, byteCounts: [Int]) -> [UnsafeMutableRawBufferPointer] {
        let bases: [UnsafeMutableRawPointer] = [
            UnsafeMutableRawPointer(arena.links), UnsafeMutableRawPointer(arena.codes),
            UnsafeMutableRawPointer(arena.scales), UnsafeMutableRawPointer(arena.errors),
            UnsafeMutableRawPointer(arena.lengths), UnsafeMutableRawPointer(arena.vectors),
        ]
        return zip(bases, byteCounts.dropFirst(2)).map { UnsafeMutableRawBufferPointer(start: $0, count: $1) }
    }

    /// Reads a file into a new arena; every byte of it is checked. The vectors stay mapped: the file may be replaced or
    /// removed, and must not be written to in place.
    ///
    /// - Returns: the state, and the rows that are dead.
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/storageFailure``, ``StrataError/Code/corrupted``,
    ///   ``StrataError/Code/unsupportedVersion``.
    static func read(_ path: String) throws -> (state: GraphState, buried: [UInt32], change: Int64) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT
                ? StrataError(.notFound, "there is no index file \(path); build it from the store")
                : failure("cannot open \(path)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot look at \(path)") }
        var bytes = [UInt8](repeating: 0, count: min(Int(status.st_size), GraphFileHeader.byteCount))
        try bytes.withUnsafeMutableBytes { try get($0, descriptor, at: 0, path) }
        let header = try GraphFileHeader(decoding: bytes, path: path)
        guard Int(status.st_size) == header.fileByteCount else {
            throw damage(path, "has \(status.st_size) bytes, expected \(header.fileByteCount)")
        }
        let arena = GraphArena(
            layout: header.layout, linkWords: header.degree / 2,
            capacity: max(64, header.rowCount + header.rowCount / 4))
        var keys = [RecordKey](repeating: 0, count: header.rowCount)
        var marks = [UInt8](repeating: 0, count: header.rowCount)
        try keys.withUnsafeMutableBytes { keys in
            try marks.withUnsafeMutableBytes { marks in
                let sections = GraphFileSections(
                    sections: [keys, marks] + arrays(of: arena, byteCounts: header.sectionByteCounts))
                let (links, vectors) = (2, sections.sections.count - 1)
                let offset = header.sectionOffsets[vectors]
                // The vectors stay in the file's pages, which the system can drop.
                let isMapped =
                    header.rowCount > 0
                    && arena.mapVectors(descriptor, offset: offset, byteCount: header.fileByteCount - offset)
                let checksums = try sections.checksums { section, bytes in
                    let target = UnsafeMutableRawBufferPointer(rebasing: sections.sections[section][bytes])
                    if section == vectors && isMapped {
                        sections.populate(section, bytes)
                    } else {
                        try get(target, descriptor, at: header.sectionOffsets[section] + bytes.lowerBound, path)
                    }
                    if section == links { try check(links: target, rowCount: header.rowCount, path: path) }
                }
                for (section, sum) in checksums.enumerated() where sum != header.checksums[section] {
                    throw damage(path, "has a damaged section \(section)")
                }
            }
        }
        var state = GraphState(arena: arena)
        state.calibration = header.calibration
        state.calibratedCount = header.calibratedCount
        state.addedSince = header.addedSince
        let buried = try fill(&state, keys: keys.map { RecordKey(littleEndian: $0) }, marks: marks, path: path)
        if header.entry != .max { state.entries = [header.entry] }
        let isEntrySound = state.entries.allSatisfy { marks[Int($0)] >> 4 == RowMark.linked.rawValue }
        guard isEntrySound, state.entries.isEmpty == (state.linkedCount == 0) else {
            throw damage(path, "begins its walks at a row that is not linked")
        }
        return (state, buried, header.change)
    }

    /// Gives the rows of an arena their lives, and checks what the checksums cannot: that rows are of a known kind, and keys
    /// different.
    private static func fill(
        _ state: inout GraphState, keys: [RecordKey], marks: [UInt8], path: String
    ) throws -> [UInt32] {
        let arena = state.arena
        var buried: [UInt32] = []
        state.rowCount = keys.count
        state.locations.reserveCapacity(keys.count)
        for (index, key) in keys.enumerated() {
            let (row, tag) = (UInt32(index), marks[index] & 0xf)
            guard let mark = RowMark(rawValue: marks[index] >> 4), tag < 8 else {
                throw damage(path, "has a row of no known kind")
            }
            arena.revive(row, key: key, bits: 1 << tag, isLive: mark != .dead)
            state.reach(row)
            if mark == .dead {
                buried.append(row)
                continue
            }
            guard state.row(key) == nil else { throw damage(path, "has a key twice") }
            state.locations[key] = Location(segment: 0, row: row)
            state.count += 1
            state.tagCounts[Int(tag)] += 1
            if mark == .waiting { state.tail.append(row) }
            if mark == .stray { state.strays.append(row) }
        }
        return buried
    }

    /// Checks what a checksum cannot: that every link names a row, or none.
    private static func check(links: UnsafeMutableRawBufferPointer, rowCount: Int, path: String) throws {
        let rows = links.bindMemory(to: UInt32.self)
        var isSound = true
        for row in rows { isSound = isSound && (row < UInt32(rowCount) || row == .max) }
        guard isSound else { throw damage(path, "has a link to a row that is not there") }
    }

    // MARK: - The operating system

    private static func put(
        _ bytes: UnsafeRawBufferPointer, _ descriptor: Int32, at offset: Int, _ path: String
    ) throws {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let count = pwrite(descriptor, base + done, min(bytes.count - done, 1 << 30), off_t(offset + done))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot write \(path)") }
            done += count
        }
    }

    private static func get(
        _ bytes: UnsafeMutableRawBufferPointer, _ descriptor: Int32, at offset: Int, _ path: String
    ) throws {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let count = pread(descriptor, base + done, min(bytes.count - done, 1 << 30), off_t(offset + done))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read \(path)") }
            guard count > 0 else { throw damage(path, "ends early") }
            done += count
        }
    }

    private static func syncFolder(of path: String) throws {
        let folder = path.contains("/") ? String(path[..<path.lastIndex(of: "/")!]) : "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open the folder of \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot sync the folder of \(path)") }
    }

    private static func failure(_ what: String) -> StrataError {
        StrataError(.storageFailure, "\(what): \(String(cString: strerror(errno)))")
    }

    private static func damage(_ path: String, _ what: String) -> StrataError {
        StrataError(.corrupted, "index file \(path) \(what); delete it and rebuild it from the store")
    }
}
