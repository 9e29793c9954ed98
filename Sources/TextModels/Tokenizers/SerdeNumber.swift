/// Reads decimal numbers as the JSON library of the reference does.
///
/// That library rounds twice where the standard rounds once, so that one number in some thousands differs in its last
/// bit. The scores of two ways to split a word can be that close, and then the last bit decides.
enum SerdeNumber {
    private static let powersOfTen: [Double] = (0...308).map { Double("1e\($0)") ?? .infinity }

    /// - Parameter text: a number in JSON's grammar.
    /// - Returns: nil when it is out of range.
    static func parse(_ text: ArraySlice<UInt8>) -> Double? {
        var significand: UInt64 = 0
        var exponent = 0
        var isFraction = false
        var isFull = false
        var position = text.startIndex
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative { position += 1 }
        while position < text.endIndex {
            let byte = text[position]
            if byte == UInt8(ascii: ".") {
                isFraction = true
            } else if 0x30...0x39 ~= byte {
                let (product, overflows) = significand.multipliedReportingOverflow(by: 10)
                let (sum, carries) = product.addingReportingOverflow(UInt64(byte - 0x30))
                // Digits beyond what fits are left out.
                isFull = isFull || overflows || carries
                if !isFull {
                    significand = sum
                    exponent -= isFraction ? 1 : 0
                } else if !isFraction {
                    exponent += 1
                }
            } else {
                guard let given = Int(String(decoding: text[(position + 1)...], as: UTF8.self)) else { return nil }
                exponent += given
                break
            }
            position += 1
        }
        var value = Double(significand)
        if exponent < -308, value != 0 {
            value /= 1e308
            exponent += 308
        }
        if exponent < -308 || value == 0 { return isNegative ? -0.0 : 0 }
        guard exponent <= 308 else { return nil }
        value = exponent < 0 ? value / powersOfTen[-exponent] : value * powersOfTen[exponent]
        return isNegative ? -value : value
    }
}
