extension Tokenizer {
    /// The tokens of a text in as many sequences as it needs, each with special tokens around.
    ///
    /// A text that fits gives exactly what ``encode(_:tokenCountMax:addSpecialTokens:)`` gives for prefix and text. A
    /// longer one is cut into windows of equal length; each begins with the prefix and with the last tokens of the
    /// window before, so that a sentence at a border is whole in one of them.
    ///
    /// - Parameters:
    ///   - text: any text.
    ///   - prefix: what the model was trained to read before a text; may be empty.
    ///   - tokenCountMax: the most tokens of a sequence, special ones and prefix included.
    ///   - overlap: tokens that two neighbouring windows share; reduced where the room is too small for it.
    ///   - chunkCountMax: the most sequences, at least 1; the last one says whether text was left out.
    public func encodeChunks(
        _ text: String, prefix: String, tokenCountMax: Int, overlap: Int, chunkCountMax: Int
    ) -> [TokenizedText] {
        let whole = encode(prefix + text, tokenCountMax: tokenCountMax)
        guard whole.isTruncated, chunkCountMax > 1 else { return [whole] }
        let prefixIDs = prefix.isEmpty ? [] : steps.tokenIDs(prefix, stoppingAfter: .max)
        let room = tokenCountMax - postProcessor.specialCount(isPair: false) - prefixIDs.count
        // A prefix that leaves no room makes every window the same.
        guard room > 0 else { return [whole] }
        let step = max(1, room - max(0, overlap))
        let tokenLimit = room + step * (chunkCountMax - 1)
        let body = steps.tokenIDs(prefix + text, stoppingAfter: prefixIDs.count + tokenLimit).dropFirst(prefixIDs.count)
        let isTruncated = body.count > tokenLimit
        let ids = Array(body.prefix(tokenLimit))
        var chunks: [TokenizedText] = []
        var start = 0
        while true {
            let end = min(start + room, ids.count)
            let isLast = end == ids.count
            chunks.append(
                postProcessor.join(
                    (prefixIDs + ids[start..<end])[...], nil, addSpecialTokens: true,
                    isTruncated: isLast && isTruncated))
            if isLast { return chunks }
            start += step
        }
    }
}
