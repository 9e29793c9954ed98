/// What single words say about time, in the languages that the parser reads.
///
/// Words are kept in the analyzer's folded form, without accents and in lower case, so that `août`, `Août` and `aout` are one.
struct TimeLexicon: Sendable {
    /// The unit of a distance in time.
    enum Unit: Sendable { case day, week, month, year }

    /// Where a span lies beside the present one.
    enum Direction: Int, Sendable {
        case last = -1
        case current = 0
        case next = 1
    }

    /// The part that a word can play.
    enum Role: Sendable, Equatable {
        /// 1 through 12. An ambiguous one ("may", "march") needs a word beside it that shows it is meant.
        case month(Int, isAmbiguous: Bool)
        /// 1 for Monday through 7 for Sunday.
        case weekday(Int)
        /// The first month of a season of three months on the northern half of the Earth.
        case season(Int)
        case weekend
        case unit(Unit)
        /// So many days from today.
        case day(Int)
        /// The whole unit before, around or after today in one word (`去年`).
        case span(Unit, Direction)
        case number(Int)
        case direction(Direction)
        /// Behind a distance: "two weeks ago".
        case ago
        /// Before a distance: "vor zwei Wochen", "il y a deux semaines".
        case agoBefore
        case before
        case after
        /// "in", "on", "since": shows that a word beside it is a time.
        case preposition
        /// "of", "de": between the parts of a date.
        case link
    }

    static let shared = TimeLexicon()

    private var roles: [String: Role] = [:]

    /// The part that a folded word can play; nil for most words.
    subscript(word: String) -> Role? { roles[word] }

    private init() {
        let analyzer = TextAnalyzer(language: .none)
        func add(_ words: String, _ role: (Int) -> Role) {
            for (index, group) in words.split(separator: " ").enumerated() {
                for word in group.split(separator: "|") {
                    let folded = analyzer.words(in: String(word)).first?.surface ?? String(word)
                    roles[folded] = role(index)
                }
            }
        }
        add(Self.months) { .month($0 + 1, isAmbiguous: false) }
        for (word, month) in [("may", 5), ("march", 3), ("mar", 3), ("mars", 3), ("mai", 5)] {
            roles[word] = .month(month, isAmbiguous: true)
        }
        add(Self.weekdays) { .weekday($0 + 1) }
        add(Self.seasons) { .season([3, 6, 9, 12][$0]) }
        add(Self.weekends) { _ in .weekend }
        add(Self.units) { .unit([.day, .week, .month, .year][$0]) }
        add(Self.days) { .day($0 - 2) }
        add(Self.numbers) { .number($0 + 1) }
        add(Self.directions) { .direction([.last, .current, .next][$0]) }
        add("ago|back|назад|тому") { _ in .ago }
        add("vor|hace|ya") { _ in .agoBefore }
        add("before|avant|antes|до") { _ in .before }
        add("after|nach|apres|despues|после") { _ in .after }
        add(Self.prepositions) { _ in .preposition }
        add("of|de|del|des|du") { _ in .link }
        add("去年|去年度 今年 明年") { .span(.year, [.last, .current, .next][$0]) }
        add("上月 本月 下月") { .span(.month, [.last, .current, .next][$0]) }
        add("上周 本周 下周") { .span(.week, [.last, .current, .next][$0]) }
    }

    private static let months = """
        january|jan|januar|janvier|enero|январь|января|январе \
        february|feb|februar|fevrier|febrero|февраль|февраля|феврале \
        märz|marzo|март|марта|марте \
        april|apr|avril|abril|апрель|апреля|апреле \
        mayo|май|мая|мае \
        june|jun|juni|juin|junio|июнь|июня|июне \
        july|jul|juli|juillet|julio|июль|июля|июле \
        august|aug|août|agosto|август|августа|августе \
        september|sep|sept|septembre|septiembre|сентябрь|сентября|сентябре \
        october|oct|oktober|octobre|octubre|октябрь|октября|октябре \
        november|nov|novembre|noviembre|ноябрь|ноября|ноябре \
        december|dec|dezember|décembre|diciembre|декабрь|декабря|декабре
        """
    private static let weekdays = """
        monday|montag|lundi|lunes|понедельник tuesday|dienstag|mardi|martes|вторник \
        wednesday|mittwoch|mercredi|miércoles|среду thursday|donnerstag|jeudi|jueves|четверг \
        friday|freitag|vendredi|viernes|пятницу saturday|samstag|samedi|sábado|субботу \
        sunday|sonntag|dimanche|domingo|воскресенье
        """
    private static let seasons = """
        frühling|printemps|primavera|весной|весну|springtime summer|sommer|été|verano|летом|лето \
        autumn|herbst|automne|otoño|осенью|осень winter|hiver|invierno|зимой|зиму
        """
    private static let weekends = "weekend|wochenende|выходные|выходных"
    private static let units = """
        day|days|tag|tage|tagen|jour|jours|día|días|день|дня|дней|天 \
        week|weeks|woche|wochen|semaine|semaines|semana|semanas|неделя|неделю|недели|недель|неделе|周 \
        month|months|monat|monate|monaten|mois|mes|meses|месяц|месяца|месяцев|месяце|月 \
        year|years|jahr|jahre|jahren|an|ans|année|années|año|años|год|года|году|лет|年
        """
    private static let days = """
        vorgestern|anteayer|позавчера|前天 yesterday|gestern|hier|ayer|вчера|昨天 \
        today|tonight|heute|aujourd|hoy|сегодня|今天 tomorrow|morgen|demain|mañana|завтра|明天
        """
    private static let numbers = """
        a|an|one|ein|eine|einem|einer|un|une|una|один|одну two|couple|zwei|deux|dos|два|две \
        three|few|drei|trois|tres|три four|vier|quatre|cuatro|четыре five|fünf|cinq|cinco|пять \
        six|sechs|seis|шесть seven|sieben|sept|siete|семь eight|acht|huit|ocho|восемь \
        nine|neun|neuf|nueve|девять ten|zehn|dix|diez|десять eleven|elf|onze|once|одиннадцать \
        twelve|zwölf|douze|doce|двенадцать
        """
    private static let directions = """
        last|past|previous|letzte|letzten|letzter|letztes|letztem|dernier|dernière|pasado|pasada|прошлый|прошлую|прошлом|прошлой \
        this|dieser|diese|diesen|dieses|diesem|ce|cette|este|esta|этот|эту|этом|этой \
        next|nächste|nächsten|nächster|nächstes|nächstem|prochain|prochaine|próximo|próxima|следующий|следующую|следующем|следующей
        """
    private static let prepositions = """
        in|on|during|since|until|by|from|around|early|late|mid|im|am|seit|bis|ab|en|depuis|durant|desde|hasta|в|с|во|by|between|and
        """
}
