/// The regular expressions that normalizers replace: runs of spaces.
struct ScalarRun: Sendable {
    /// Whether all white space counts, and not the space alone.
    let isAnySpace: Bool
    let countMin: Int

    private static let expressions: [(text: String, run: ScalarRun)] = [
        (" {2,}", ScalarRun(isAnySpace: false, countMin: 2)),
        (" +", ScalarRun(isAnySpace: false, countMin: 1)),
        (#"\s+"#, ScalarRun(isAnySpace: true, countMin: 1)),
    ]

    static var known: String { expressions.map { "\"\($0.text)\"" }.joined(separator: ", ") }

    init?(expression: String) {
        guard let run = Self.expressions.first(where: { $0.text == expression })?.run else { return nil }
        self = run
    }

    private init(isAnySpace: Bool, countMin: Int) {
        self.isAnySpace = isAnySpace
        self.countMin = countMin
    }

    /// Appends the text to `output`, with every run of `countMin` or more replaced.
    func replace(in text: ValidUTF8, with replacement: [UInt8], into output: inout [UInt8]) {
        let table = ScalarClassTable.shared
        var copyStart = 0
        var position = 0
        while position < text.count {
            let start = position
            var count = 0
            while position < text.count {
                var next = position
                let scalar = text.scalar(at: &next)
                guard isAnySpace ? table[scalar].meets(.space) : scalar == 0x20 else { break }
                position = next
                count += 1
            }
            if count >= countMin {
                output.append(contentsOf: text[copyStart..<start])
                output.append(contentsOf: replacement)
                copyStart = position
            } else if count == 0 {
                _ = text.scalar(at: &position)
            }
        }
        output.append(contentsOf: text[copyStart...])
    }
}
