/// Finds the words of a text and folds them on the way, in one pass over its UTF-8 bytes.
///
/// What counts as a word is written at ``TextAnalyzer``.
struct WordScanner {
    /// A folded word, valid while it is handed out.
    struct Word {
        /// The folded letters as UTF-8; an apostrophe inside the word is still there, as ASCII.
        var folded: [UInt8] = []
        /// The bytes of the source that it was read from.
        var range = 0..<0
        /// Whether `folded` is made of a through z and apostrophes only, and uncut.
        var isPlain = true
        /// Whether an apostrophe stands in `folded`.
        var hasApostrophe = false
        /// Whether it is part of an identifier that was handed out before.
        var isPart = false
    }

    /// A longer word is cut after so many scalars.
    static let scalarCountMax = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var word = Word()
    private var start = 0
    private var end = 0
    private var hasUnderscore = false
    private var hasCamelHump = false
    /// Whether each byte of `folded` stems from one ASCII byte at the same place.
    private var isASCIIVerbatim = true
    /// Digits since the start, or since the last sign that joined numbers; -1 once a letter has come.
    private var digitCount = 0
    private var lastScalar: UInt32 = 0
    private var lastLength = 0
    private var run = BigramRun()

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Hands out every word in the order of their starts; the receiver may change the word it gets.
    mutating func scan(_ emit: (inout Word) -> Void) {
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 0x80 {
                takeASCII(byte, emit)
            } else {
                takeScalar(emit)
            }
        }
        finishRun(emit)
        finishWord(emit)
    }

    // MARK: ASCII

    @inline(__always)
    private mutating func takeASCII(_ byte: UInt8, _ emit: (inout Word) -> Void) {
        if !run.isEmpty { finishRun(emit) }
        let lowered = byte | 0x20
        if lowered &- UInt8(ascii: "a") < 26 {
            beginIfNeeded()
            if lowered != byte, position > start, bytes[position - 1] &- UInt8(ascii: "a") < 26 { hasCamelHump = true }
            digitCount = -1
            append(lowered)
        } else if byte &- UInt8(ascii: "0") < 10 {
            beginIfNeeded()
            word.isPlain = false
            if digitCount >= 0 { digitCount += 1 }
            append(byte)
        } else if word.folded.isEmpty {
            position += 1
        } else if byte == UInt8(ascii: "_") {
            hasUnderscore = true
            word.isPlain = false
            word.folded.append(byte)
            position += 1
        } else if !joins(byte) {
            finishWord(emit)
            position += 1
        }
    }

    @inline(__always)
    private mutating func beginIfNeeded() {
        if word.folded.isEmpty { start = position }
    }

    @inline(__always)
    private mutating func append(_ byte: UInt8) {
        word.folded.append(byte)
        lastScalar = UInt32(byte)
        lastLength = 1
        position += 1
        end = position
    }

    /// Takes an apostrophe between letters, or a dot, colon or comma inside a number; false for everything else.
    private mutating func joins(_ byte: UInt8) -> Bool {
        guard position + 1 < bytes.count, end == position else { return false }
        let next = bytes[position + 1]
        switch byte {
        case UInt8(ascii: "'"): return takeApostrophe(length: 1)
        case UInt8(ascii: "."), UInt8(ascii: ":"):
            guard Self.isDigit(bytes[position - 1]), Self.isDigit(next) else { return false }
            isASCIIVerbatim = false
            if digitCount > 0 { digitCount = 0 }
            word.folded.append(UInt8(ascii: "_"))
        case UInt8(ascii: ","):
            // Groups of three digits: 1,000,000 is the number 1000000.
            guard (1...3).contains(digitCount), position + 3 < bytes.count,
                bytes[position + 1...position + 3].allSatisfy(Self.isDigit),
                position + 4 == bytes.count || !Self.isDigit(bytes[position + 4])
            else { return false }
            isASCIIVerbatim = false
            digitCount = 0
        default: return false
        }
        position += 1
        end = position
        return true
    }

    private mutating func takeApostrophe(length: Int) -> Bool {
        guard end == position, position + length < bytes.count, !word.folded.isEmpty,
            word.folded.last != UInt8(ascii: "'")
        else { return false }
        let next = bytes[position + length]
        let isLetter = next | 0x20 &- UInt8(ascii: "a") < 26
        guard isLetter || (next >= 0x80 && ScalarKind(scalar(at: position + length).scalar) == .word) else {
            return false
        }
        word.folded.append(UInt8(ascii: "'"))
        word.hasApostrophe = true
        isASCIIVerbatim = false
        position += length
        end = position
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    // MARK: Beyond ASCII

    private func scalar(at index: Int) -> (scalar: Unicode.Scalar, length: Int) {
        var value = UInt32(bytes[index])
        let length = value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4
        value &= 0x7F >> UInt32(length)
        for offset in 1..<length { value = value << 6 | UInt32(bytes[index + offset] & 0x3F) }
        // A string's bytes are valid UTF-8, so the value is a scalar.
        return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }

    private mutating func takeScalar(_ emit: (inout Word) -> Void) {
        let (scalar, length) = scalar(at: position)
        if scalar == "\u{2019}" || scalar == "\u{2BC}" || scalar == "\u{FF07}" {
            finishRun(emit)
            if !takeApostrophe(length: length) {
                finishWord(emit)
                position += length
            }
            return
        }
        let range = position..<position + length
        position += length
        switch FoldTable.shared[scalar.value] {
        case .same: take(scalar.value, kind: ScalarKind(scalar), from: range, emit)
        case .dropped: extend(to: range.upperBound)
        case .scalar(let image): take(image, from: range, emit)
        case .sequence(let images): for image in images { take(image, from: range, emit) }
        }
    }

    private mutating func take(_ value: UInt32, from range: Range<Int>, _ emit: (inout Word) -> Void) {
        guard let scalar = Unicode.Scalar(value) else { return }
        take(value, kind: scalar == "_" ? .word : ScalarKind(scalar), from: range, emit)
    }

    private mutating func take(
        _ value: UInt32, kind: ScalarKind, from range: Range<Int>, _ emit: (inout Word) -> Void
    ) {
        switch kind {
        case .ignored: isASCIIVerbatim = false
        case .separator:
            finishRun(emit)
            finishWord(emit)
        case .word:
            if !word.folded.isEmpty, let composed = composed(lastScalar, value) {
                word.folded.removeLast(lastLength)
                appendToWord(composed, from: range)
            } else {
                finishRun(emit)
                if word.folded.isEmpty { start = range.lowerBound }
                appendToWord(value, from: range)
            }
        case .unspaced:
            finishWord(emit)
            run.append(value, from: range)
        case .mark:
            if !run.isEmpty {
                run.attach(value, upTo: range.upperBound)
            } else if !word.folded.isEmpty {
                appendToWord(value, from: range)
            }
        }
    }

    private mutating func appendToWord(_ value: UInt32, from range: Range<Int>) {
        isASCIIVerbatim = false
        digitCount = -1
        if value &- 97 >= 26 { word.isPlain = false }
        lastScalar = value
        lastLength = appendUTF8(value, to: &word.folded)
        end = range.upperBound
    }

    /// Lets the range take in a mark that leaves no trace in the folded form.
    private mutating func extend(to upperBound: Int) {
        isASCIIVerbatim = false
        if !run.isEmpty {
            run.extend(to: upperBound)
        } else if !word.folded.isEmpty {
            end = upperBound
        }
    }

    // MARK: Handing out

    private mutating func finishRun(_ emit: (inout Word) -> Void) {
        guard !run.isEmpty else { return }
        run.emitBigrams(emit)
    }

    private mutating func finishWord(_ emit: (inout Word) -> Void) {
        guard !word.folded.isEmpty else {
            isASCIIVerbatim = true
            return
        }
        while word.folded.last == UInt8(ascii: "_") { word.folded.removeLast() }
        let source = start..<(hasUnderscore && isASCIIVerbatim ? start + word.folded.count : end)
        word.range = source
        let hasParts = isASCIIVerbatim && (hasUnderscore || hasCamelHump)
        word.limitLength()
        if !word.folded.isEmpty { emit(&word) }
        word.reset()
        if hasParts { emitParts(of: source, emit) }
        hasUnderscore = false
        hasCamelHump = false
        isASCIIVerbatim = true
        digitCount = 0
    }

    /// Hands out the parts of `snake_case` and `camelCase`, when the identifier is simple: two to six parts of two or
    /// more characters that begin with a letter.
    private mutating func emitParts(of source: Range<Int>, _ emit: (inout Word) -> Void) {
        var parts: [Range<Int>] = []
        var partStart = source.lowerBound
        for index in source {
            let isHump =
                index > partStart && bytes[index] &- UInt8(ascii: "A") < 26
                && bytes[index - 1] &- UInt8(ascii: "a") < 26
            if isHump || bytes[index] == UInt8(ascii: "_") {
                if index > partStart { parts.append(partStart..<index) }
                partStart = isHump ? index : index + 1
            }
        }
        if partStart < source.upperBound { parts.append(partStart..<source.upperBound) }
        let isSimple =
            (2...6).contains(parts.count)
            && parts.allSatisfy { $0.count >= 2 && bytes[$0.lowerBound] | 0x20 &- UInt8(ascii: "a") < 26 }
        guard isSimple else { return }
        for part in parts {
            for byte in bytes[part] {
                let lowered = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
                if Self.isDigit(byte) { word.isPlain = false }
                word.folded.append(lowered)
            }
            word.range = part
            word.isPart = true
            word.limitLength()
            emit(&word)
            word.reset()
        }
    }
}

extension WordScanner.Word {
    /// Cuts the word after ``WordScanner/scalarCountMax`` scalars.
    mutating func limitLength() {
        guard folded.count > WordScanner.scalarCountMax else { return }
        var scalarCount = 0
        for index in folded.indices where folded[index] & 0xC0 != 0x80 {
            if scalarCount == WordScanner.scalarCountMax {
                folded.removeSubrange(index...)
                isPlain = false
                return
            }
            scalarCount += 1
        }
    }

    /// Empties the word for the next one.
    mutating func reset() {
        folded.removeAll(keepingCapacity: true)
        isPlain = true
        hasApostrophe = false
        isPart = false
    }
}

/// Appends a scalar as UTF-8 and returns how many bytes that took.
@discardableResult
func appendUTF8(_ value: UInt32, to bytes: inout [UInt8]) -> Int {
    let count = bytes.count
    if let scalar = Unicode.Scalar(value) { bytes.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped) }
    return bytes.count - count
}
