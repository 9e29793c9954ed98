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
                walk.keys = UnsafePointer(arena.keyWords)
                walk.key_stride = GraphArena.keyStride
                walk.key_bits = UnsafePointer(keys.bits)
                walk.key_first = UInt64(bitPattern: keys.first)
                walk.key_span = keys.span
                return body(&walk)
            }
        default:
            let question = RowQuestion(filter: self, arena: arena)
            return withExtendedLifetime(question) {
                walk.context = UnsafeRawPointer(Unmanaged.passUnretained(question).toOpaque())
                walk.test = { context, row in
                    // The walk hands back the context that was set beside this function.
                    let question = Unmanaged<RowQuestion>.fromOpaque(context!).takeUnretainedValue()
                    return question.filter.passes(row, question.arena) ? 1 : 0
                }
                return body(&walk)
            }
        }
    }

    /// The share of live rows that pass, as far as rows at even distances tell; the rows of a filter lie in any order.
    func estimatedShare(_ state: GraphState) -> Double {
        let step = max(1, state.rowCount / Self.sampleCount)
        var (live, passing) = (0, 0)
        for row in stride(from: step / 2, to: state.rowCount, by: step) {
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

    private static let sampleCount = 128
}

/// What a walk's callback needs.
private final class RowQuestion {
    let filter: RowFilter
    let arena: GraphArena

    init(filter: RowFilter, arena: GraphArena) {
        self.filter = filter
        self.arena = arena
    }
}
