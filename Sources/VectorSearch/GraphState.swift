internal import CVectorKernels
internal import StrataCore

/// All that a search in a graph looks at, besides the links: a value, so that a reader keeps the one it took while a
/// writer makes the next.
struct GraphState: Sendable {
    var arena: GraphArena
    /// How many rows of the arena have been used.
    var rowCount = 0
    /// A row is live in this state when it was born at this version or before and dies after it.
    var version: UInt64 = 0
    /// How many rows are live.
    var count = 0
    var locations = KeyMap()
    /// Live rows that wait for their links.
    var tail: [UInt32] = []
    /// Live rows with links to others that no walk reaches, as when many equal vectors stand for one another.
    var strays: [UInt32] = []
    /// How many live rows have each tag.
    var tagCounts = SIMD8<Int>(repeating: 0)
    /// Where walks begin; live rows with links.
    var entries: [UInt32] = []
    var calibration = GraphCalibration(efSearch: 64, recall: 0, sampleCount: 0)
    /// The number of rows with links when the graph was calibrated last, and of rows added since.
    var calibratedCount = 0
    var addedSince = 0
    var generation = Generation()
    /// Under ``VectorMetric/dot``: no less than the squared length of any row, so that links are chosen on the sphere on
    /// which the kernels put the rows.
    private(set) var reach: Float = 0

    /// How many rows walks can find.
    var linkedCount: Int { count - tail.count - strays.count }

    /// What the C kernels see.
    var graph: vk_graph { arena.graph(reach: reach) }

    /// Takes note of a row's length. The sphere grows by a quarter more than it must, so that it grows seldom; the rows
    /// that have links keep those that they got on the smaller one.
    mutating func reach(_ row: UInt32) {
        guard arena.layout.metric == .dot else { return }
        let length = arena.lengths[Int(row)]
        if length * length > reach { reach = length * length * 1.25 }
    }

    /// The live rows that every search scans, because walks do not find them.
    var scanned: [UInt32] { strays.isEmpty ? tail : tail + strays }

    /// How many live rows have one of the tags.
    func count(tags bits: UInt8) -> Int {
        (0..<8).reduce(0) { bits >> UInt8($1) & 1 == 1 ? $0 + tagCounts[$1] : $0 }
    }

    /// The row of a key.
    func row(_ key: RecordKey) -> UInt32? { locations[key]?.row }
}
