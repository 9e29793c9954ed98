extension MemoryRecord {
    /// Takes over what a patch sets, without touching times, change number or vector.
    ///
    /// - Returns: the old values of the fields whose values really changed, as ``Change/previous`` holds them.
    public mutating func apply(_ patch: RecordPatch) -> [String: JSONValue] {
        var previous: [String: JSONValue] = [:]
        if let text = patch.text { Self.set(&self.text, text, "text", &previous) { .string($0) } }
        if let layer = patch.layer { Self.set(&self.layer, layer, "layer", &previous) { .string($0.rawValue) } }
        if let kind = patch.kind { Self.set(&self.kind, kind, "kind", &previous) { .string($0) } }
        if let tags = patch.tags {
            Self.set(&self.tags, tags, "tags", &previous) { .array($0.map(JSONValue.string)) }
        }
        if let metadata = patch.metadata { Self.set(&self.metadata, metadata, "metadata", &previous) { .object($0) } }
        if let importance = patch.importance {
            Self.set(&self.importance, importance, "importance", &previous) { .number($0) }
        }
        if let pinned = patch.pinned { Self.set(&self.pinned, pinned, "pinned", &previous) { .bool($0) } }
        if let moment = patch.occurredAt {
            Self.set(&occurredAt, moment, "occurredAt", &previous) { $0.map { .string($0.description) } ?? .null }
        }
        return previous
    }

    /// Takes over what ``DuplicatePolicy/replace`` takes from the record that would have been its duplicate.
    ///
    /// - Returns: the old values of the fields whose values really changed.
    public mutating func adopt(_ duplicate: MemoryRecord) -> [String: JSONValue] {
        var previous = apply(
            RecordPatch(
                layer: duplicate.layer, kind: duplicate.kind, tags: duplicate.tags, metadata: duplicate.metadata,
                importance: duplicate.importance))
        Self.set(&createdAt, duplicate.createdAt, "createdAt", &previous) { .string($0.description) }
        // It takes the new one's age, so it also has the new one's time in the layer before it.
        enteredLayerAt = duplicate.enteredLayerAt
        layerUseCount = 0
        Self.set(&occurredAt, duplicate.occurredAt, "occurredAt", &previous) {
            $0.map { .string($0.description) } ?? .null
        }
        return previous
    }

    /// Starts its time in a layer anew.
    public mutating func enterLayer(at time: Timestamp) {
        enteredLayerAt = time
        layerUseCount = 0
    }

    /// Values differ when their JSON texts do, which tells apart strings that Swift takes as canonically equivalent.
    private static func set<Value>(
        _ field: inout Value, _ value: Value, _ name: String, _ previous: inout [String: JSONValue],
        json: (Value) -> JSONValue
    ) {
        let old = json(field)
        if !old.jsonText.utf8.elementsEqual(json(value).jsonText.utf8) { previous[name] = old }
        field = value
    }
}

extension Change.Operation {
    /// What a change of fields is called: a promotion or demotion when the layer moved, else an update.
    public init(from old: Layer, to new: Layer) {
        self = new > old ? .promoted : new < old ? .demoted : .updated
    }
}
