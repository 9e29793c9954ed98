/// What becomes of the delimiters at which a text is split.
enum DelimiterBehavior: String, Sendable, CaseIterable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    /// A stretch of the text: a delimiter, or what lies between two of them. None is empty.
    struct Segment {
        var range: Range<Int>
        var isDelimiter: Bool
    }

    /// Appends the words that the segments, which lie side by side, add up to.
    func join(_ segments: [Segment], into words: inout [Range<Int>]) {
        var wasDelimiter = false
        switch self {
        case .removed: for segment in segments where !segment.isDelimiter { words.append(segment.range) }
        case .isolated: for segment in segments { words.append(segment.range) }
        case .contiguous, .mergedWithPrevious:
            let start = words.count
            for segment in segments {
                let joins =
                    self == .contiguous ? segment.isDelimiter == wasDelimiter : segment.isDelimiter && !wasDelimiter
                if joins, words.count > start {
                    words[words.count - 1] = words[words.count - 1].lowerBound..<segment.range.upperBound
                } else {
                    words.append(segment.range)
                }
                wasDelimiter = segment.isDelimiter
            }
        case .mergedWithNext:
            for (index, segment) in segments.enumerated() {
                let previous = index == 0 ? nil : segments[index - 1]
                let isJoined = previous.map { $0.isDelimiter && !segment.isDelimiter } ?? false
                if isJoined {
                    words[words.count - 1] = words[words.count - 1].lowerBound..<segment.range.upperBound
                } else {
                    words.append(segment.range)
                }
            }
        }
    }
}
