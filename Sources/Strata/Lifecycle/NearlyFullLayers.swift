internal import StrataCore
internal import Synchronization

/// The layers that the last clean-up found nearly full.
final class NearlyFullLayers: Sendable {
    private let fills = Mutex<[LayerFill]>([])

    var current: [LayerFill] { fills.withLock { $0 } }

    /// Takes the place of what was found before and gives those that are new.
    func replace(with found: [LayerFill]) -> [LayerFill] {
        fills.withLock { fills in
            defer { fills = found }
            let known = fills
            return found.filter { fill in
                !known.contains { $0.namespace == fill.namespace && $0.layer == fill.layer }
            }
        }
    }
}
