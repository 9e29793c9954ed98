import Testing

@testable import TextAnalysis

@Suite struct TextAnalyzerTests {
    private let english = TextAnalyzer()
    private let plain = TextAnalyzer(language: .none)

    @Test(arguments: [
        ("", []),
        ("  \n\t ... !? — 🙂", []),
        ("The dogs were running in the gardens.", ["dog", "run", "garden"]),
        ("Running, RUNNING running", ["run", "run", "run"]),
        ("state-of-the-art", ["state", "art"]),
        ("What did you say when?", ["say"]),
        ("in May", ["may"]),
        // Apostrophes.
        ("I don't, can't and won’t", []),
        ("the cat's and the cats' food", ["cat", "cat", "food"]),
        ("she'll they’d we've I'm you're", []),
        ("Mary'll o'clock O'Brien's 'quoted'", ["mari", "oclock", "obrien", "quot"]),
        ("rock 'n' roll'", ["rock", "n", "roll"]),
        // Numbers.
        ("3.5 litres at 12:30, not 3. 5", ["3_5", "litr", "12_30", "3", "5"]),
        ("1,000 1,000,000 1,00 12,3456 1,2,3", ["1000", "1000000", "1", "00", "12", "3456", "1", "2", "3"]),
        ("2024-05-04 v1.2.3 5pm 192.168.0.1", ["2024", "05", "04", "v1_2_3", "5pm", "192_168_0_1"]),
        ("x.5 5.x 5.", ["x", "5", "5", "x", "5"]),
        // Identifiers.
        ("user_name", ["user_name", "user", "name"]),
        ("getUserNames()", ["getusernam", "get", "user", "name"]),
        ("GitHub iPhone HTTPServer", ["github", "git", "hub", "iphon", "httpserver"]),
        ("__init__ _ ___ a_b user_id_2", ["init", "a_b", "user_id_2"]),
        ("is_ready", ["is_ready", "readi"]),
        // Links.
        ("mail ann.smith@example.com", ["mail", "ann", "smith", "exampl", "com"]),
        ("https://example.com/a/paths?q=1", ["https", "exampl", "com", "path", "q", "1"]),
        // Folding.
        ("Ｒésumés naïve Straße ﬁnal", ["resum", "naiv", "strass", "final"]),
        ("re\u{301}sume\u{301}s ÅNGSTRÖM Łódź Ærø", ["resum", "angstrom", "lodz", "aero"]),
        ("x² ½ ٣٤ Ⅳ", ["x2", "1_2", "34", "iv"]),
        ("Ёлки И ПАЛКИ Σίσυφος", ["елки", "и", "палки", "σισυφοσ"]),
        ("soft\u{AD}ware zero\u{200D}width", ["softwar", "zerowidth"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
    ])
    func englishTerms(text: String, expected: [String]) {
        #expect(english.terms(in: text) == expected)
    }

    @Test(arguments: [
        ("東京都", ["東京", "京都"]),
        ("水", ["水"]),
        ("東京タワーは高い。", ["東京", "京タ", "タワ", "ワー", "ーは", "は高", "高い"]),
        ("第3章abc中", ["第", "3", "章", "abc", "中"]),
        ("ｶﾞｽ", ["ガス"]),
        ("か\u{3099}き", ["がき"]),
        ("ภาษาไทย", ["ภา", "าษ", "ษา", "าไ", "ไท", "ทย"]),
        ("กิน", ["กิน"]),
        ("한국어 \u{1112}\u{1161}\u{11AB}글", ["한국어", "한글"]),
        ("漢\u{FE00}字", ["漢字"]),
    ])
    func scriptsWithoutSpacesGivePairs(text: String, expected: [String]) {
        #expect(english.terms(in: text) == expected)
        #expect(plain.terms(in: text) == expected)
    }

    @Test func withoutALanguageWordsAreOnlyFolded() {
        #expect(
            plain.terms(in: "The dogs don't see Ann's RÉSUMÉS")
                == ["the", "dogs", "dont", "see", "anns", "resumes"])
    }

    @Test func wordsTellWhereTheyStand() {
        let text = "É. Don't see Ann’s re\u{301}sume\u{301}s, snake_Cases_ or 東京都"
        let words = english.words(in: text)
        let cut = words.map { word in
            String(decoding: Array(text.utf8)[word.utf8Range], as: UTF8.self)
        }
        #expect(
            cut == [
                "É", "Don't", "see", "Ann’s", "re\u{301}sume\u{301}s", "snake_Cases", "snake", "Cases", "or", "東京",
                "京都",
            ])
        #expect(
            words.map(\.surface) == [
                "e", "dont", "see", "ann", "resumes", "snake_cases", "snake", "cases", "or", "東京", "京都",
            ])
        #expect(
            words.map(\.term) == [
                "e", nil, "see", "ann", "resum", "snake_cases", "snake", "case", nil, "東京", "京都",
            ])
        #expect(words.map(\.isPart) == [false, false, false, false, false, false, true, true, false, false, false])
        #expect(words.filter(\.isStopWord).map(\.surface) == ["dont", "or"])
    }

    @Test func longWordsAreCutAfter64Scalars() {
        let long = String(repeating: "ab", count: 500)
        #expect(english.terms(in: long) == [String(long.prefix(64))])
        let cyrillic = String(repeating: "ж", count: 65)
        #expect(english.terms(in: cyrillic) == [String(cyrillic.prefix(64))])
        #expect(english.terms(in: String(cyrillic.prefix(64))) == [String(cyrillic.prefix(64))])
    }

    @Test func everyStopWordIsShortAndDistinct() {
        let words = englishStopWords.map(\.description)
        #expect(words.count <= 180 && Set(words).count == words.count)
        #expect(words.allSatisfy { english.terms(in: $0).isEmpty })
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func anyTextGivesCleanTermsInItsRanges(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let pieces = [
            "a", "B", "the", "running", "'", "’", "'s", "_", ".", ":", ",", "1", "23", "456", " ", "-", "é", "e\u{301}",
            "\u{301}", "ß", "½", "東", "京", "ｶ", "ﾞ", "か", "\u{3099}", "ก", "ิ", "ำ", "한", "\u{1112}", "\u{1161}",
            "\u{11AB}", "🙂", "\u{FE0F}", "\u{AD}", "\u{200D}", "Ж", "ﷺ", "\u{10FFFF}", "İ", "ŉ", "ि", "\0",
        ]
        for _ in 0..<4000 {
            let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            let bytes = Array(text.utf8)
            for analyzer in [english, plain] {
                let words = analyzer.words(in: text)
                #expect(words.compactMap(\.term) == analyzer.terms(in: text))
                for word in words {
                    #expect(word.utf8Range.lowerBound >= 0 && word.utf8Range.upperBound <= bytes.count)
                    #expect(String(validating: bytes[word.utf8Range], as: UTF8.self)?.isEmpty == false)
                    guard let term = word.term else { continue }
                    #expect(!term.isEmpty && term.unicodeScalars.count <= 64, "\(text.unicodeScalars.map(\.value))")
                    #expect(term.unicodeScalars.allSatisfy(Self.mayStandInTerm), "\(text.unicodeScalars.map(\.value))")
                }
            }
        }
    }

    @Test(arguments: [4, 5] as [UInt64])
    func aWordAloneHasTheTermItHasInAText(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let letters = Array("abcdeirstuyéßЖ한5_'")
        let words = (0..<3000).map { _ in
            String(
                (0..<Int.random(in: 1...9, using: &random)).map { _ in letters.randomElement(using: &random) ?? "x" })
        }
        #expect(english.terms(in: words.joined(separator: " ; ")) == words.flatMap { english.terms(in: $0) })
    }

    @Test func foldedTextFoldsToItself() {
        for value in UInt32(0)...0x2FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            for term in plain.terms(in: String(scalar)) {
                #expect(plain.terms(in: term) == [term], "scalar \(value)")
            }
        }
    }

    private static func mayStandInTerm(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "_" { return true }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter, .titlecaseLetter: false
        case .lowercaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark, .enclosingMark,
            .decimalNumber, .letterNumber, .otherNumber:
            true
        default: false
        }
    }
}
