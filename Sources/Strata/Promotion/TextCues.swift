/// What can be seen in a text without understanding it: numbers, names, quotations, questions, expressions of time.
///
/// Works for languages that are written with spaces; names are told by capitals, so German nouns count as names too.
struct TextCues {
    /// The words in lower case, a typographic apostrophe as `'`.
    private(set) var words: [String] = []
    /// Runs of digits; `3.5`, `12:30` and `1,000` are one each.
    private(set) var numberCount = 0
    /// Capitalised words that neither begin a sentence nor say when; several in a row are one name.
    private(set) var nameCount = 0
    /// Opening quotation marks.
    private(set) var quotationCount = 0
    /// Words and figures that name a day, a month, a time of day or a span of time.
    private(set) var timeReferenceCount = 0
    /// Whether there is a question mark anywhere.
    private(set) var holdsQuestion = false
    /// Whether the text ends in a question.
    private(set) var endsAsQuestion = false

    init(_ text: String) {
        var word = String.UnicodeScalarView()
        var beginsSentence = true
        var lastWasName = false
        var straightQuotes = 0
        let scalars = Array(text.unicodeScalars)

        func finishWord(_ cues: inout TextCues) {
            guard let first = word.first else { return }
            let written = String(word)
            let lowered = written.lowercased()
            let isNumber = ("0"..."9").contains(first)
            let isTime = TimeWords.holds(lowered) || (isNumber && lowered.contains(":"))
            let isName = !beginsSentence && !isTime && first.properties.isUppercase && written.count > 1
            if isNumber { cues.numberCount += 1 }
            if isName, !lastWasName { cues.nameCount += 1 }
            if isTime { cues.timeReferenceCount += 1 }
            cues.words.append(lowered)
            lastWasName = isName
            beginsSentence = false
            word.removeAll()
        }

        for (place, scalar) in scalars.enumerated() {
            let next = place + 1 < scalars.count ? scalars[place + 1] : " "
            let isInsideNumber =
                scalar == "." || scalar == ":" || scalar == ","
                ? (word.last.map(Self.isDigit) ?? false) && Self.isDigit(next) : false
            let isApostrophe = (scalar == "'" || scalar == "\u{2019}") && !word.isEmpty && next.properties.isAlphabetic
            if scalar.properties.isAlphabetic || Self.isDigit(scalar) || isInsideNumber {
                word.append(scalar)
                continue
            }
            if isApostrophe {
                word.append("'")
                continue
            }
            finishWord(&self)
            switch scalar {
            case ".", "!", "\n", "…": (beginsSentence, lastWasName) = (true, false)
            case "?":
                holdsQuestion = true
                (beginsSentence, lastWasName) = (true, false)
            case "¿", "¡", ":": beginsSentence = true
            case "\"": straightQuotes += 1
            case "\u{201C}", "«", "„": quotationCount += 1
            case " ", "-": break
            default: lastWasName = false
            }
        }
        finishWord(&self)
        // The German closing mark is the English opening one.
        if text.unicodeScalars.contains("„") { quotationCount = text.unicodeScalars.count { $0 == "„" } }
        quotationCount += straightQuotes / 2
        endsAsQuestion = scalars.last { !$0.properties.isWhitespace && $0 != "\"" && $0 != "\u{201D}" } == "?"
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}

/// Words that say when.
private enum TimeWords {
    static func holds(_ word: String) -> Bool { exact.contains(word) || stems.holdsPrefix(of: word) }

    private static let exact: Set<String> = [
        "jan", "feb", "march", "mar", "apr", "may", "june", "jun", "july", "jul", "aug", "sep", "sept", "oct", "nov",
        "dec", "today", "tonight", "last", "next", "ago", "since", "day", "days", "week", "weeks", "month", "months",
        "year", "years", "weekend", "year's", "week's", "mon", "tue", "wed", "thu", "fri", "sat",
        // Russian
        "май", "мая", "мае", "вчера", "завтра", "сегодня", "лет", "назад", "год", "года", "году", "день", "дня", "дней",
        "среда", "среду", "среды", "час", "часа", "часов",
        // German
        "mai", "juni", "juli", "gestern", "morgen", "heute", "seit", "tag", "tage", "tagen", "jahr", "jahre", "jahren",
        "uhr",
        // Spanish
        "mayo", "junio", "julio", "ayer", "mañana", "hoy", "hace", "día", "días", "mes", "meses", "año", "años",
        "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo",
    ]

    private static let stems = StemSet([
        "januar", "februar", "april", "august", "septemb", "octob", "novemb", "decemb", "monday", "tuesday",
        "wednesday",
        "thursday", "friday", "saturday", "sunday", "yesterday", "tomorrow",
        "январ", "феврал", "март", "апрел", "июн", "июл", "август", "сентябр", "октябр", "ноябр", "декабр",
        "понедельник",
        "вторник", "четверг", "пятниц", "суббот", "воскресень", "недел", "месяц", "выходн",
        "märz", "oktober", "dezember", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag",
        "woche", "monat", "enero", "febrero", "marzo", "abril", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre", "semana",
    ])
}

/// A set of word beginnings.
struct StemSet: Sendable {
    private let stems: Set<String>
    private let lengths: [Int]

    init(_ stems: [String]) {
        self.stems = Set(stems)
        lengths = Set(stems.map(\.count)).sorted()
    }

    /// Whether a stem of the set begins the word.
    func holdsPrefix(of word: String) -> Bool { prefix(of: word) != nil }

    /// The longest stem that begins the word.
    func prefix(of word: String) -> String? {
        let count = word.count
        for length in lengths.reversed() where length <= count {
            let prefix = String(word.prefix(length))
            if stems.contains(prefix) { return prefix }
        }
        return nil
    }
}
