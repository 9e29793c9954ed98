internal import CZlib
internal import StrataCore

/// Decompresses deflate data piece by piece, as gzip wraps it or raw as in zip files.
final class Inflater {
    enum Wrapping { case gzip, none }

    private var stream = z_stream()
    /// Whether the data's own end has come.
    private(set) var isAtEnd = false
    private let isGzip: Bool

    init(_ wrapping: Wrapping) throws {
        isGzip = wrapping == .gzip
        // 15 is the largest window; 16 more expects gzip's header, a negative number none at all.
        let bits: Int32 = isGzip ? 15 + 16 : -15
        let status = inflateInit2_(&stream, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw StrataError(.internal, "zlib cannot be set up (\(status))") }
    }

    deinit { inflateEnd(&stream) }

    /// Decompresses a piece; what it becomes is handed on in parts of at most 64 KiB, so that little data that becomes
    /// much is noticed before it is held.
    ///
    /// - Throws: ``StrataError/Code/corrupted`` for data that is no deflate; what `body` throws.
    func inflate(_ bytes: [UInt8], _ body: (ArraySlice<UInt8>) throws -> Void) throws {
        var input = bytes
        var output = [UInt8](repeating: 0, count: 1 << 16)
        try input.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            while true {
                if isAtEnd {
                    // Several gzip members one after another are one stream; anything else behind the end is not ours.
                    guard isGzip, stream.avail_in > 0, input[input.count - Int(stream.avail_in)] == 0x1F else { return }
                    inflateReset(&stream)
                    isAtEnd = false
                }
                let capacity = output.count
                let status = output.withUnsafeMutableBufferPointer { output in
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(capacity)
                    return CZlib.inflate(&stream, Z_NO_FLUSH)
                }
                let made = capacity - Int(stream.avail_out)
                if made > 0 { try body(output[..<made]) }
                switch status {
                case Z_STREAM_END: isAtEnd = true
                case Z_BUF_ERROR: return
                case Z_OK: if stream.avail_in == 0, stream.avail_out > 0 { return }
                default: throw StrataError(.corrupted, "the archive's compressed data is damaged (\(status))")
                }
            }
        }
    }
}
