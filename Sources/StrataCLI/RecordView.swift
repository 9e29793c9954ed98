internal import StrataCore

/// A record as people read it.
struct RecordView {
    let record: MemoryRecord
    let style: Style

    init(_ record: MemoryRecord, style: Style) {
        self.record = record
        self.style = style
    }

    /// When it happened, or else when it was stored.
    private var moment: Timestamp { record.occurredAt ?? record.createdAt }

    /// Id, date, layer and as much of the text as fits; all of it on one line when `width` is nil.
    func line(width: Int?) -> String {
        let date = String(moment.description.prefix(10))
        let head = "\(record.id)  \(date)  \(record.layer.rawValue.padded(to: 8))  "
        let rest = width.map { max(16, $0 - DisplayText.columns(head)) }
        let text = DisplayText.oneLine(record.searchableText, width: rest)
        return
            "\(style.dim(record.id.description))  \(date)  \(style.cyan(record.layer.rawValue.padded(to: 8)))  \(text)"
    }

    /// Who, when, where: the line above a hit's text.
    var caption: String {
        var parts: [String] = []
        if let speaker = record.speaker { parts.append(style.bold(DisplayText.oneLine(speaker, width: 40))) }
        parts.append(DisplayText.moment(moment))
        parts.append(style.cyan(record.layer.rawValue))
        return parts.joined(separator: " · ") + "  " + style.dim(record.id.description)
    }

    /// Every field that says something, then the text.
    var page: String {
        var rows: [(String, String)] = [
            ("id", record.id.description), ("namespace", record.namespace), ("layer", record.layer.rawValue),
            ("kind", record.kind), ("source", record.source.rawValue),
        ]
        func add(_ name: String, _ value: String?) {
            if let value { rows.append((name, value)) }
        }
        add("speaker", record.speaker)
        add("tags", record.tags.isEmpty ? nil : record.tags.joined(separator: ", "))
        add("project", record.project)
        add("session", record.session)
        add("metadata", record.metadata.isEmpty ? nil : JSONValue.object(record.metadata).jsonText)
        add("importance", DisplayText.number(record.importance, decimals: 2))
        add("pinned", record.pinned ? "yes" : nil)
        add("occurred", record.occurredAt?.description)
        add("created", record.createdAt.description)
        add("updated", record.updatedAt == record.createdAt ? nil : record.updatedAt.description)
        add("used", record.accessCount > 0 ? DisplayText.count(record.accessCount, "time") : nil)
        add(
            "judged",
            record.usefulCount + record.notUsefulCount > 0
                ? "\(record.usefulCount) useful, \(record.notUsefulCount) not" : nil)
        add("last used", record.lastAccessedAt?.description)
        add("repeats", record.duplicateOf?.description)
        add("vector", record.embeddingSpace ?? "none: found by words only")
        add("change", String(record.change))
        let head = rows.map { "\(style.dim($0.padded(to: 12)))\(DisplayText.oneLine($1, width: nil))" }
        return (head + ["", DisplayText.harmless(record.text)]).joined(separator: "\n")
    }
}
