public import Ingest
public import StrataCore

extension NewMemory {
    /// The memory that a text read from a file makes.
    ///
    /// The file's own words win over the defaults. The file is noted in the metadata as `path`, and the name that the
    /// text has in it as `externalId`, unless the file says something else under these keys. Such a name also decides
    /// the record's id, so that reading the file again gives the same ids: a UUID is taken as it is, any other name is
    /// made one together with `namespace` and the file's path.
    ///
    /// - Parameters:
    ///   - item: what was read.
    ///   - namespace: where it will be stored.
    ///   - layer: where memories start whose file does not say.
    ///   - tags: labels that every memory gets in addition.
    public init(_ item: IngestItem, in namespace: String, layer: Layer, tags: [String] = []) {
        var metadata = item.metadata
        if metadata["path"] == nil { metadata["path"] = .string(item.path) }
        var id: RecordID?
        if let name = item.externalID {
            if metadata["externalId"] == nil { metadata["externalId"] = .string(name) }
            id = RecordID(name) ?? RecordID(naming: name, in: [namespace, item.path])
        }
        self.init(
            item.text, id: id, speaker: item.speaker, layer: item.layer ?? layer, kind: item.kind,
            tags: item.tags + tags, session: item.session, metadata: metadata, importance: item.importance ?? 0.5,
            source: item.origin ?? .import, occurredAt: item.occurredAt)
    }
}
