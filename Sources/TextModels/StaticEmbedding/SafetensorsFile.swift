import COnnxRuntime
import Foundation
import StrataCore

/// A file of tensors in the safetensors format: a length, a JSON header, the numbers
/// (<https://github.com/huggingface/safetensors>).
///
/// Every figure of the header is checked before a byte is read by it.
struct SafetensorsFile {
    /// One tensor as the header describes it.
    struct Entry: Equatable {
        var elementType: ElementType
        var shape: [Int]
        /// Bytes of the file.
        var bytes: Range<Int>
    }

    /// The element types that tables of tokens come in.
    enum ElementType: String, Equatable {
        case float64 = "F64"
        case float32 = "F32"
        case float16 = "F16"
        case bfloat16 = "BF16"
        case int64 = "I64"
        case int32 = "I32"
        case int8 = "I8"

        var byteCount: Int {
            switch self {
            case .float64, .int64: 8
            case .float32, .int32: 4
            case .float16, .bfloat16: 2
            case .int8: 1
            }
        }
    }

    /// The tensors of the types above by name; others are passed over.
    let entries: [String: Entry]
    private let data: Data

    /// The longest header that the format allows.
    private static let headerCountMax = 100_000_000

    /// Opens a file.
    ///
    /// - Throws: ``StrataError/Code/notFound``; ``StrataError/Code/modelInvalid`` for a header that is no such, or that
    ///   points outside the file.
    init(contentsOf path: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        } catch {
            throw StrataError(.notFound, "cannot read \(path); run make setup", cause: error)
        }
        try self.init(data, named: path)
    }

    init(_ data: Data, named name: String) throws {
        func invalid(_ message: String) -> StrataError {
            StrataError(.modelInvalid, "\(name) is no safetensors file: \(message); fetch it again")
        }
        guard data.count >= 8 else { throw invalid("it has \(data.count) bytes") }
        let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(min(Self.headerCountMax, data.count - 8)) else {
            throw invalid("its header of \(length) bytes does not fit into \(data.count) bytes")
        }
        let start = 8 + Int(length)
        let header: Header
        do {
            header = try JSONDecoder().decode(
                Header.self, from: data.subdata(in: data.startIndex + 8..<data.startIndex + start))
        } catch {
            throw invalid("its header is malformed")
        }
        var entries: [String: Entry] = [:]
        for (tensor, field) in header.fields {
            guard let type = ElementType(rawValue: field.dtype) else { continue }
            var byteCount = type.byteCount
            for size in field.shape {
                let (product, overflows) = byteCount.multipliedReportingOverflow(by: size)
                guard size >= 0, !overflows else { throw invalid("tensor \(tensor) has a shape that cannot be") }
                byteCount = product
            }
            guard field.data_offsets.count == 2, let low = field.data_offsets.first, let high = field.data_offsets.last,
                low >= 0, low <= high, high <= data.count - start, high - low == byteCount
            else { throw invalid("tensor \(tensor) of shape \(field.shape) lies at \(field.data_offsets)") }
            entries[tensor] = Entry(elementType: type, shape: field.shape, bytes: start + low..<start + high)
        }
        self.data = data
        self.entries = entries
    }

    /// The numbers of a tensor as floats; integers of more than 24 bits are rounded.
    func floats(of entry: Entry) -> [Float] {
        let count = entry.bytes.count / entry.elementType.byteCount
        return data.withUnsafeBytes { all in
            let bytes = UnsafeRawBufferPointer(rebasing: all[entry.bytes])
            func each<Number>(_ type: Number.Type, _ convert: (Number) -> Float) -> [Float] {
                (0..<count).map {
                    convert(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.size, as: type))
                }
            }
            switch entry.elementType {
            case .float64: return each(UInt64.self) { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
            case .float32: return each(UInt32.self) { Float(bitPattern: UInt32(littleEndian: $0)) }
            case .bfloat16: return each(UInt16.self) { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) }
            case .int64: return each(Int64.self) { Float(Int64(littleEndian: $0)) }
            case .int32: return each(Int32.self) { Float(Int32(littleEndian: $0)) }
            case .int8: return each(Int8.self) { Float($0) }
            case .float16:
                // Copied as they are, and so aligned: the machines that Strata runs on are little-endian as the file is.
                let halves = [UInt16](unsafeUninitializedCapacity: count) { buffer, filled in
                    UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
                    filled = count
                }
                return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
                    if let base = buffer.baseAddress { strata_widen_float16(halves, count, base) }
                    filled = count
                }
            }
        }
    }

    /// The numbers of an integer tensor; nil for another type or a number beyond 32 bits.
    func integers(of entry: Entry) -> [Int32]? {
        let size = entry.elementType.byteCount
        let numbers = data.withUnsafeBytes { all -> [Int32?] in
            (0..<entry.bytes.count / size).map { index in
                let offset = entry.bytes.lowerBound + index * size
                return switch entry.elementType {
                case .int64:
                    Int32(exactly: Int64(littleEndian: all.loadUnaligned(fromByteOffset: offset, as: Int64.self)))
                case .int32: Int32(littleEndian: all.loadUnaligned(fromByteOffset: offset, as: Int32.self))
                default: nil
                }
            }
        }
        let present = numbers.compactMap { $0 }
        return present.count == numbers.count ? present : nil
    }
}

/// The header: tensors by name, and free text under `__metadata__`.
private struct Header: Decodable {
    struct Field: Decodable {
        var dtype: String
        var shape: [Int]
        // The format's own spelling.
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var data_offsets: [Int]
    }

    struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    var fields: [String: Field] = [:]

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Name.self)
        for key in values.allKeys where key.stringValue != "__metadata__" {
            fields[key.stringValue] = try values.decode(Field.self, forKey: key)
        }
    }
}
