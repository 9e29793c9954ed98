import StrataCore
import Testing

@Suite struct SHA256Tests {
    /// The examples of FIPS 180-4 and of NIST's test vectors.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func agreesWithTheStandardsExamples(text: String, digest: String) {
        #expect(SHA256.digest(of: text).description == digest)
    }

    @Test func aMillionLettersInPiecesOfEverySizeGiveTheStandardsDigest() {
        var hash = SHA256()
        var rest = 1_000_000
        var size = 1
        while rest > 0 {
            let piece = [UInt8](repeating: UInt8(ascii: "a"), count: min(size, rest))
            piece.withUnsafeBytes { hash.update($0) }
            rest -= piece.count
            size = size % 1500 + 1
        }
        #expect(
            hash.finalize().description == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func aDigestHas32Bytes() {
        #expect(SHA256.Digest(bytes: Array(repeating: 0, count: 31)) == nil)
        #expect(SHA256.Digest(bytes: SHA256.digest(of: "x").bytes) == SHA256.digest(of: "x"))
    }
}
