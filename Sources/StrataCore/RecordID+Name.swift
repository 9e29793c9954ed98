extension RecordID {
    /// The id that a name has within a scope, always the same one: a UUID of version 8 (RFC 9562, section 5.8) whose
    /// bits are those of a SHA-256 of both.
    ///
    /// - Parameters:
    ///   - name: the name that a record has elsewhere.
    ///   - scope: what the name is unique in, for example a namespace and a file.
    public init(naming name: String, in scope: [String]) {
        // Lengths keep the parts apart, whatever they hold.
        let text = (scope + [name]).map { "\($0.utf8.count):\($0)" }.joined()
        let bytes = SHA256.digest(of: text).bytes
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(
            high: word(bytes[0..<8]) & ~0xF000 | 0x8000,
            low: word(bytes[8..<16]) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }
}
