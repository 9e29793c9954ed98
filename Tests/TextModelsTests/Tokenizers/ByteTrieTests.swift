import Testing

@testable import TextModels

@Suite struct ByteTrieTests {
    /// Few letters, so that the keys share prefixes, and bytes at both ends of the range.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func aTrieAnswersAsADictionaryDoes(seed: UInt64) throws {
        var state = seed
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        func key() -> [UInt8] { (0..<1 + random(5)).map { _ in [0, 1, 97, 128, 255][Int(random(5))] } }
        var dictionary: [[UInt8]: Int32] = [:]
        for _ in 0..<500 { dictionary[key()] = Int32(dictionary.count) }
        let trie = try ByteTrie(dictionary.map { ($0.key, $0.value) })
        for (key, value) in dictionary { #expect(trie[key] == value) }
        for _ in 0..<2_000 {
            let probe = key()
            #expect(trie[probe] == dictionary[probe], "seed \(seed)")
        }
    }

    @Test func twoEqualKeysAreAnError() {
        #expect(throws: ByteTrie.DuplicateKey.self) { try ByteTrie([([1, 2], 0), ([1, 2], 1)]) }
    }

    @Test func anEmptyTrieKnowsNothing() throws {
        let trie = try ByteTrie([])
        #expect(trie[[1]] == nil)
        #expect(trie[[]] == nil)
    }
}
