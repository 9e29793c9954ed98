/// Words and phrases by which a text says of itself that it matters, with weights 0 through 1.
///
/// A word that ends in `*` is a stem: it stands for every word that begins so. The weights of the first eight English
/// entries and their Russian counterparts are those of SPEC row P3; the others are set beside them by hand.
public struct SignificanceLexicon: Sendable {
    private struct Phrase: Sendable {
        let words: [String]
        let weight: Double
    }

    private let words: [String: Double]
    private let stemWeights: [String: Double]
    private let stems: StemSet
    /// Phrases by their first word.
    private let phrases: [String: [Phrase]]

    /// A lexicon of words, stems and phrases in lower case.
    public init(_ entries: [String: Double]) {
        var words: [String: Double] = [:]
        var stems: [String: Double] = [:]
        var phrases: [String: [Phrase]] = [:]
        for (entry, weight) in entries {
            let parts = entry.split(separator: " ").map(String.init)
            if parts.count > 1 {
                phrases[parts[0], default: []].append(Phrase(words: parts, weight: weight))
            } else if entry.hasSuffix("*") {
                stems[String(entry.dropLast())] = weight
            } else {
                words[entry] = weight
            }
        }
        self.words = words
        stemWeights = stems
        self.stems = StemSet(Array(stems.keys))
        self.phrases = phrases
    }

    /// 1 − Π(1 − w) over the distinct entries that the words hold, as if each were independent evidence; 0 for none.
    public func significance(of text: [String]) -> Double {
        var found: [String: Double] = [:]
        for (place, word) in text.enumerated() {
            if let weight = words[word] { found[word] = weight }
            if let stem = stems.prefix(of: word) { found[stem] = stemWeights[stem] }
            for phrase in phrases[word] ?? [] where text[place...].starts(with: phrase.words) {
                found[phrase.words.joined(separator: " ")] = phrase.weight
            }
        }
        return 1 - found.values.sorted().reduce(1) { $0 * (1 - $1) }
    }

    /// The lexicon of the engine.
    public static let standard = SignificanceLexicon([
        "critical*": 0.95, "error*": 0.9, "secur*": 0.9, "bug": 0.85, "bugs": 0.85, "important*": 0.8,
        "performanc*": 0.75, "feature*": 0.7, "optimi*": 0.7,
        "критич*": 0.95, "ошибк*": 0.9, "ошибок": 0.9, "безопасност*": 0.9, "баг": 0.85, "баги": 0.85, "багов": 0.85,
        "важн*": 0.8, "производительност*": 0.75, "функци*": 0.7, "оптимиз*": 0.7,
        // Asking to keep it.
        "remember that": 0.8, "please remember": 0.8, "don't forget": 0.8, "keep in mind": 0.7, "note that": 0.6,
        "for the record": 0.7, "запомни*": 0.8, "напомин*": 0.6, "не забуд*": 0.8, "имей в виду": 0.7,
        "merk dir": 0.8, "vergiss nicht": 0.8, "denk daran": 0.7, "recuerda que": 0.8, "no olvides": 0.8,
        // Decisions.
        "we decided": 0.7, "i decided": 0.7, "decision": 0.6, "we agreed": 0.7, "agreed": 0.5, "we chose": 0.6,
        "решили": 0.7, "решил": 0.6, "решила": 0.6, "решено": 0.7, "договорились": 0.7, "beschlossen": 0.7,
        "entschieden": 0.6, "vereinbart": 0.7, "decidimos": 0.7, "decidido": 0.6, "acordamos": 0.7, "quedamos en": 0.6,
        // Commitments.
        "i will": 0.5, "i'll": 0.5, "we will": 0.5, "we'll": 0.5, "i promise": 0.7, "deadline*": 0.7, "обещаю": 0.7,
        "обязуюсь": 0.7, "сделаю": 0.5, "ich werde": 0.5, "wir werden": 0.5, "verspreche": 0.7, "frist*": 0.6,
        "voy a": 0.5, "vamos a": 0.5, "prometo": 0.7, "plazo*": 0.6,
        // What somebody is and cannot do without.
        "allerg*": 0.8, "аллерги*": 0.8, "alergi*": 0.8, "favourite*": 0.5, "favorite*": 0.5, "prefer*": 0.5,
        "предпочита*": 0.5, "любим*": 0.5, "lieblings*": 0.5, "bevorzug*": 0.5, "prefier*": 0.5, "favorit*": 0.5,
        "password*": 0.8, "парол*": 0.8, "passwort*": 0.8, "contraseña*": 0.8, "birthday*": 0.6, "geburtstag*": 0.6,
        "cumpleaños": 0.6,
    ])
}
