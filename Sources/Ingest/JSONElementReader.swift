import Foundation

/// Hands out the elements of the array in a JSON document one by one, holding one block and one element.
///
/// The array is the document itself, or the member `results`, `memories` or `conversations` of the object that the
/// document is. Only strings and brackets are looked at here; whether an element is valid JSON shows when it is read.
struct JSONElementReader: LineSource {
    /// A document that breaks off, or has no such array.
    struct Damage: Error {
        let line: Int
    }

    private enum Place { case start, members, elements, end }

    private static let arrayNames: Set<[UInt8]> = Set(["results", "memories", "conversations"].map { Array($0.utf8) })

    private let handle: FileHandle
    private let elementBytesMax: Int
    private var block: [UInt8] = []
    private var position = 0
    private var blockOffset = 0
    private var lineNumber = 1

    private var place = Place.start
    /// How many brackets are open inside the array, or inside the members before it.
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// The last string among the members before the array: the name of what comes next.
    private var name: [UInt8] = []
    private var element: Line?

    init(handle: FileHandle, elementBytesMax: Int) {
        self.handle = handle
        self.elementBytesMax = elementBytesMax
    }

    var bytesRead: Int { blockOffset + position }

    /// The next element, or nil behind the array.
    mutating func next() throws -> Line? {
        while place != .end {
            if position == block.count {
                blockOffset += block.count
                block = [UInt8](try handle.read(upToCount: LineReader.blockBytes) ?? Data())
                position = 0
                if block.isEmpty {
                    // An empty file holds nothing, as in every format; one that has begun is cut off.
                    if place == .start { return nil }
                    throw Damage(line: lineNumber)
                }
                if blockOffset == 0, block.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
                continue
            }
            let byte = block[position]
            position += 1
            if byte == UInt8(ascii: "\n") { lineNumber += 1 }
            if let finished = try take(byte) { return finished }
        }
        return nil
    }

    private mutating func take(_ byte: UInt8) throws -> Line? {
        if isInString {
            takeInString(byte)
            return nil
        }
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D: break
        case UInt8(ascii: "["), UInt8(ascii: "{"): try open(byte)
        case UInt8(ascii: "]"), UInt8(ascii: "}"): return try close(byte)
        case UInt8(ascii: ","):
            if place == .elements, depth == 0 { return takeElement() }
            append(byte)
        case UInt8(ascii: "\""):
            isInString = true
            if place == .members, depth == 1 { name = [] }
            beginElement()
            append(byte)
        default:
            guard place != .start else { throw Damage(line: lineNumber) }
            beginElement()
            append(byte)
        }
        return nil
    }

    private mutating func takeInString(_ byte: UInt8) {
        append(byte)
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
            return
        }
        // No name that is looked for is longer.
        if place == .members, depth == 1, name.count < 16 { name.append(byte) }
    }

    private mutating func open(_ byte: UInt8) throws {
        switch place {
        case .start:
            place = byte == UInt8(ascii: "[") ? .elements : .members
            depth = place == .elements ? 0 : 1
        case .members where byte == UInt8(ascii: "[") && depth == 1 && Self.arrayNames.contains(name):
            (place, depth) = (.elements, 0)
        case .members: depth += 1
        case .elements:
            beginElement()
            append(byte)
            depth += 1
        case .end: break
        }
    }

    private mutating func close(_ byte: UInt8) throws -> Line? {
        if place == .elements, depth == 0 {
            guard byte == UInt8(ascii: "]") else { throw Damage(line: lineNumber) }
            place = .end
            return takeElement()
        }
        depth -= 1
        append(byte)
        if place == .members, depth == 0 { throw Damage(line: lineNumber) }
        return nil
    }

    private mutating func beginElement() {
        guard place == .elements, element == nil else { return }
        element = Line(bytes: [], number: lineNumber, byteOffset: bytesRead - 1, byteCount: 0)
    }

    private mutating func append(_ byte: UInt8) {
        guard element != nil else { return }
        element?.byteCount += 1
        if element?.byteCount ?? 0 <= elementBytesMax {
            element?.bytes.append(byte)
        } else {
            element?.bytes = []
        }
    }

    private mutating func takeElement() -> Line? {
        defer { element = nil }
        return element
    }
}
