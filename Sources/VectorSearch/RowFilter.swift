internal import CVectorKernels
internal import StrataCore

/// Which rows a search of a graph may return.
enum RowFilter {
    case tags(UInt8)
    case keys(KeySet)
    case predicate(@Sendable (RecordKey) -> Bool)

    func passes(_ row: UInt32, _ arena: GraphArena) -> Bool {
        switch self {
        case .tags(let bits): arena.tagBits(row) & bits != 0
        case .keys(let keys): keys.contains(arena.key(row))
        case .predicate(let passes): passes(arena.key(row))
        }
    }

    /// Lets a walk ask for itself what passes, for as long as `body` runs.
    func withWalk<T>(_ walk: inout vk_walk, _ arena: GraphArena, _ body: (inout vk_walk) -> T) -> T {
        switch self {
        case .tags(let bits):
            walk.tag_bits = UnsafePointer(arena.tagWords)
            walk.wanted_bits = bits
            return body(&walk)
        case .keys(let keys) where keys.span > 0:
            return withExtendedLifetime(keys) {
                walk.keys = UnsafePointer(arena.keys)
                walk.key_bits = UnsafePointer(keys.bits)
                walk.key_first = UInt64(bitPattern: keys.first)
                walk.key_span = keys.span
                return body(&walk)
            }
        case .keys(let keys): return ask({ keys.contains($0) }, &walk, arena, body)
        case .predicate(let passes): return ask(passes, &walk, arena, body)
        }
    }

    private func ask<T>(
        _ passes: @escaping (RecordKey) -> Bool, _ walk: inout vk_walk, _ arena: GraphArena,
        _ body: (inout vk_walk) -> T
    ) -> T {
        withUnsafePointer(to: Question(passes: passes, keys: UnsafePointer(arena.keys))) { question in
            walk.keys = UnsafePointer(arena.keys)
            walk.context = UnsafeRawPointer(question)
            walk.test = { context, row in
                // The walk hands back the context that was set beside this function.
                let question = context!.assumingMemoryBound(to: Question.self)
                return question.pointee.passes(RecordKey(bitPattern: question.pointee.keys[Int(row)])) ? 1 : 0
            }
            return body(&walk)
        }
    }

    /// The share of live rows that pass, as far as a sample tells: multiples of the golden section, which fall evenly and
    /// in step with no pattern of rows.
    func estimatedShare(_ state: GraphState) -> Double {
        var (live, passing) = (0, 0)
        for place in 0..<Self.sampleCount {
            let fraction = (place &* 0x9E37_79B9_7F4A_7C15) >> 32
            let row = (fraction * UInt64(state.rowCount)) >> 32
            guard state.arena.isLive(UInt32(row), version: state.version) else { continue }
            live += 1
            if passes(UInt32(row), state.arena) { passing += 1 }
        }
        let sampled = live == 0 ? 0 : Double(passing) / Double(live)
        guard case .keys(let keys) = self else { return sampled }
        // The number of keys is a better guess, unless many of them have no vector here.
        let most = min(1, Double(keys.givenCount) / Double(max(state.count, 1)))
        return sampled < most / 2 ? sampled : most
    }

    private static let sampleCount: UInt64 = 128
}

/// What a walk's callback needs.
private struct Question {
    let passes: (RecordKey) -> Bool
    let keys: UnsafePointer<UInt64>
}
