internal import StrataCore

/// The first 256 bytes of an index file: what the sections hold and what they must add up to.
///
/// Every number is little-endian; `docs/vector-index.md` lists the bytes.
struct GraphFileHeader {
    static let byteCount = 256
    static let version: UInt32 = 1
    private static let magic: UInt64 = 0x5847_4154_4152_5453  // "STRATAGX"

    var dimension = 0
    var metric = VectorMetric.cosine
    var degree = 0
    var rowCount = 0
    var change: Int64 = 0
    var calibration = GraphCalibration(efSearch: 64, recall: 0, sampleCount: 0)
    var calibratedCount = 0
    var addedSince = 0
    var entry: UInt32 = .max
    /// One for each section, in their order.
    var checksums: [UInt64] = []

    /// The metrics by the numbers that stand for them.
    private static let metrics: [VectorMetric] = [.cosine, .dot, .l2]

    var layout: RowLayout { RowLayout(dimension: dimension, metric: metric) }

    /// The bytes of each section, in the order of the file: keys, marks, links, codes, scales, errors, lengths, vectors.
    var sectionByteCounts: [Int] {
        let layout = layout
        let lengthBytes = layout.hasLengths ? 4 : 0
        return [8, 1, degree * 4, layout.codeStride, 4, 4, lengthBytes, layout.floatStride * 4].map { $0 * rowCount }
    }

    /// Where each section begins, on a multiple of a page, so that it can be mapped; and where the file ends.
    var sectionOffsets: [Int] {
        var offsets = [Self.pageBytes]
        for count in sectionByteCounts {
            offsets.append((offsets[offsets.count - 1] + count + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes)
        }
        return offsets
    }

    private static let pageBytes = 4096

    /// The bytes of the whole file.
    var fileByteCount: Int { sectionOffsets[8] }

    func encoded() -> [UInt8] {
        var words: [UInt64] = [
            Self.magic, UInt64(Self.version) | UInt64(Self.byteCount) << 32,
            UInt64(dimension) | UInt64(Self.metrics.firstIndex(of: metric) ?? 0) << 24 | UInt64(degree) << 32,
            UInt64(rowCount), UInt64(bitPattern: change),
            UInt64(calibration.efSearch) | UInt64(calibration.sampleCount) << 32, calibration.recall.bitPattern,
            UInt64(calibratedCount), UInt64(addedSince), UInt64(entry),
        ]
        words += checksums
        words += Array(repeating: 0, count: Self.byteCount / 8 - 1 - words.count)
        words.append(words.map(\.littleEndian).withUnsafeBytes { XXH64.hash($0) })
        return words.map(\.littleEndian).withUnsafeBytes { Array($0) }
    }

    /// - Throws: ``StrataError/Code/corrupted``, ``StrataError/Code/unsupportedVersion``.
    init(decoding bytes: [UInt8], path: String) throws {
        func refuse(_ what: String) -> StrataError {
            StrataError(.corrupted, "index file \(path) \(what); delete it and rebuild it from the store")
        }
        guard bytes.count == Self.byteCount else { throw refuse("has \(bytes.count) bytes, expected a header of 256") }
        let words = bytes.withUnsafeBytes { bytes in
            (0..<Self.byteCount / 8).map {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
            }
        }
        guard words[0] == Self.magic else { throw refuse("does not begin as one") }
        let version = UInt32(truncatingIfNeeded: words[1])
        guard version == Self.version else {
            throw StrataError(
                .unsupportedVersion,
                "index file \(path) has version \(version), expected \(Self.version); rebuild it from the store")
        }
        let sum = bytes[..<(Self.byteCount - 8)].withUnsafeBytes { XXH64.hash($0) }
        guard sum == words[31] else { throw refuse("has a damaged header") }
        func half(_ word: UInt64, _ high: Bool) -> Int { Int(high ? word >> 32 : word & 0xffff_ffff) }
        dimension = half(words[2], false) & 0xff_ffff
        let metricIndex = half(words[2], false) >> 24
        degree = half(words[2], true)
        guard FlatIndex.dimensionRange.contains(dimension), metricIndex < Self.metrics.count,
            (16...96).contains(degree), degree % 16 == 0,
            words[3] <= 1 << 31, words[7] <= words[3], words[8] <= 1 << 62,
            words[9] < words[3] || words[9] == UInt64(UInt32.max)
        else { throw refuse("has a header that no index writes") }
        metric = Self.metrics[metricIndex]
        rowCount = Int(words[3])
        change = Int64(bitPattern: words[4])
        calibration = GraphCalibration(
            efSearch: max(1, half(words[5], false)), recall: Double(bitPattern: words[6]),
            sampleCount: half(words[5], true))
        calibratedCount = Int(words[7])
        addedSince = Int(words[8])
        entry = UInt32(words[9])
        checksums = Array(words[10..<18])
    }

    init() {}
}
