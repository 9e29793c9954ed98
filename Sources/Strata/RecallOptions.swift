public import StrataCore

/// Everything that can be said about a recall besides its query and limit.
public struct RecallOptions: Sendable, Hashable, Codable {
    /// The layers to search; all by default.
    public var layers: Set<Layer> = Set(Layer.allCases)
    /// A condition that hits must meet.
    public var filter: Filter?
    /// Hits of a lower score are left out; 0 keeps all.
    public var scoreMin = 0.0
    /// Which signals to search with.
    public var signals: Signals = .hybrid
    /// How many candidates each signal brings; at least the limit. 200.
    public var candidateCount = 200
    /// Whether the hits count as used.
    public var countsUse = true

    /// The signals of a recall.
    public enum Signals: String, Sendable, Codable, CaseIterable {
        /// Words and meaning.
        case hybrid
        /// Words only.
        case keyword
        /// Meaning only.
        case vector
    }

    /// The default options.
    public init(
        layers: Set<Layer> = Set(Layer.allCases), filter: Filter? = nil, scoreMin: Double = 0,
        signals: Signals = .hybrid, candidateCount: Int = 200, countsUse: Bool = true
    ) {
        self.layers = layers
        self.filter = filter
        self.scoreMin = scoreMin
        self.signals = signals
        self.candidateCount = candidateCount
        self.countsUse = countsUse
    }

    /// The layers and the filter as one filter; nil when everything passes.
    var combinedFilter: Filter? {
        let layerFilter: Filter? = layers.count == Layer.allCases.count ? nil : .layers(layers)
        return switch (layerFilter, filter) {
        case (let layers?, let filter?): .all([layers, filter])
        case (let layers?, nil): layers
        case (nil, let filter): filter
        }
    }
}
