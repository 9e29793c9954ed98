extension ScalarClassTable {
    /// Where the extended grapheme cluster ends that begins at `start`, by the rules of Unicode Standard Annex 29.
    ///
    /// Flags and Hangul syllables are left in parts: clusters of six bytes and more, and ``CharactersMap``, which alone
    /// asks, treats those scalar by scalar.
    func endOfGraphemeCluster(_ text: ValidUTF8, from start: Int) -> Int {
        var end = start
        let first = text.scalar(at: &end)
        var previous = self[first]
        if previous.meets(.control) {
            return first == 0x0D && end < text.count && text[end] == 0x0A ? end + 1 : end
        }
        var isAfterPictograph = previous.meets(.pictograph)
        var isAfterConsonant = previous.meets(.consonant)
        var isLinked = false
        var isAfterJoiner = false
        while end < text.count {
            var next = end
            let scalar = text.scalar(at: &next)
            let classes = self[scalar]
            if classes.meets(.control) { break }
            if classes.meets(.extending) {
                isLinked = isLinked || classes.meets(.linker)
                isAfterJoiner = scalar == 0x200D
            } else {
                let isJoined =
                    previous.meets(.prepended) || isAfterPictograph && isAfterJoiner && classes.meets(.pictograph)
                    || isAfterConsonant && isLinked && classes.meets(.consonant)
                guard isJoined else { break }
                isAfterPictograph = classes.meets(.pictograph)
                isAfterConsonant = classes.meets(.consonant)
                isLinked = false
                isAfterJoiner = false
            }
            previous = classes
            end = next
        }
        return end
    }
}
