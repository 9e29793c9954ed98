internal import Foundation
internal import StrataCore
internal import TextModels

/// One pull: asks what there is, decides what is needed, fetches, checks and installs it.
struct PullRun {
    let store: LocalModelStore
    let repository: String
    let hub: ModelHub
    let transport: HTTPTransport
    let options: PullOptions
    let progress: PullMeter

    /// A file to fetch.
    struct Item: Sendable, Hashable {
        var name: String
        var path: String
        var sizeBytes: Int?
        var sha256: String?
    }

    /// What listings and cards may have at most: far more than any, far less than would hurt.
    private static let listingBytesMax = 32 << 20
    private static let cardBytesMax = 1 << 20

    func run() async throws -> PullOutcome {
        let listing = try await listing()
        let revision = listing?.sha ?? options.revision
        let cardBytes = try await cardBytes(listing, revision: revision)
        let card = try ModelCard(json: cardBytes)
        let name = options.name ?? card.name
        guard ModelHub.isPlain(name), !name.hasPrefix(".") else {
            throw StrataError(.invalidArgument, "a model's name has letters, digits, '.', '-', '_' only")
        }
        let items = try Self.items(of: card, in: listing, paths: options.paths)
        let lock = try await store.lane.run { try NameLock(name, in: store.folder) }
        defer { lock.release() }
        if let known = try await known(name, commit: listing?.sha) { return PullOutcome(model: known, isKnown: true) }
        let place = try await workplace(name, revision: revision, items: items)
        let digests = try await fetch(items, revision: revision, into: place)
        let model = try await store.lane.run {
            try DurableFile.write(cardBytes, to: "\(place.path)/\(ModelCard.fileName)")
            let own = Item(name: ModelCard.fileName, path: ModelCard.fileName)
            let files = try (items + [own]).map { item in
                let file = "\(place.path)/\(item.name)"
                let size = (try FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber)?.intValue ?? 0
                let digest = try digests[item.name] ?? LocalModelStore.digest(ofFileAt: file)
                return ModelManifest.File(name: item.name, path: item.path, sizeBytes: size, sha256: digest)
            }
            let manifest = ModelManifest(
                schemaVersion: 1, source: hub.base.absoluteString, repository: repository, revision: options.revision,
                commit: listing?.sha, files: files.sorted { $0.name < $1.name })
            return try place.install(card: card, manifest: manifest, replaces: options.replaces)
        }
        return PullOutcome(model: model, isKnown: false)
    }

    /// The model of that name, if it is this one already; another one is in the way unless it may be replaced.
    private func known(_ name: String, commit: String?) async throws -> InstalledModel? {
        try await store.lane.run {
            guard store.exists(name) else { return nil }
            let model = try store.installed(name)
            if let commit, let manifest = model.manifest, manifest.repository == repository, manifest.commit == commit,
                !options.replaces
            {
                return model
            }
            guard options.replaces else { throw ModelWorkplace.taken(name) }
            return nil
        }
    }

    private func workplace(_ name: String, revision: String, items: [Item]) async throws -> ModelWorkplace {
        try await store.lane.run {
            let place = try ModelWorkplace(name, purpose: "pull", in: store)
            let lines = items.map { "\($0.path) \($0.sizeBytes ?? -1) \($0.sha256 ?? "-")" }
            try place.keep(
                onlyFor: ([hub.base.absoluteString, repository, revision] + lines).joined(separator: "\n"))
            return place
        }
    }

    // MARK: - What there is

    /// What the hub lists; nil where it lists nothing, as plain file servers do.
    private func listing() async throws -> RepositoryListing? {
        do {
            let bytes = try await get(
                try hub.listingURL(repository, revision: options.revision), bytesMax: Self.listingBytesMax,
                name: "the list of files")
            return try JSONDecoder().decode(RepositoryListing.self, from: Data(bytes))
        } catch let error as StrataError where error.code == .notFound {
            return nil
        } catch let error as DecodingError {
            throw StrataError(
                .unreachable, "\(hub.base.host ?? "the hub") answers with no list of files; is it a model hub?",
                cause: error)
        }
    }

    private func cardBytes(_ listing: RepositoryListing?, revision: String) async throws -> [UInt8] {
        if let card = options.card { return card }
        let path = options.paths.first { $0.hasSuffix(ModelCard.fileName) } ?? ModelCard.fileName
        if let listing, !listing.siblings.contains(where: { $0.rfilename == path }) {
            throw StrataError(
                .modelInvalid, "\(repository) has no \(ModelCard.fileName); give a card with --card (docs/models.md)")
        }
        return try await get(
            try hub.fileURL(repository, revision: revision, path: path), bytesMax: Self.cardBytesMax, name: path)
    }

    /// A small answer, whole, with repetition.
    private func get(_ url: URL, bytesMax: Int, name: String) async throws -> [UInt8] {
        let environment = store.environment
        var failureCount = 0
        while true {
            do {
                return try await transport.send(.init(url: url, token: hub.token)).collect(bytesMax: bytesMax)
            } catch let failure as TransferFailure {
                failureCount += 1
                let pause = options.retries.pause(
                    afterFailure: failureCount, retryAfter: failure.retryAfter, random: environment.randomBits())
                guard failure.isRetryable, let pause else { throw failure.error(during: "fetching \(name)") }
                try await environment.pause(pause)
            }
        }
    }

    /// Where in the repository the files lie that a card names. Pure.
    ///
    /// - Throws: ``StrataError/Code/notFound`` naming what is not there.
    static func items(of card: ModelCard, in listing: RepositoryListing?, paths: [String]) throws -> [Item] {
        var seen: Set<String> = [ModelCard.fileName]
        return try ([card.files.model, card.files.tokenizer] + card.files.data).compactMap { name in
            guard seen.insert(name).inserted else { return nil }
            func isMatch(_ path: String) -> Bool { path == name || path.hasSuffix("/" + name) }
            let wished = paths.first(where: isMatch)
            guard let listing else { return Item(name: name, path: wished ?? name) }
            let files = listing.siblings.filter { isMatch($0.rfilename) && (wished ?? $0.rfilename) == $0.rfilename }
            let nearest = files.min {
                let depths = ($0.rfilename.split(separator: "/").count, $1.rfilename.split(separator: "/").count)
                return depths.0 == depths.1 ? $0.rfilename < $1.rfilename : depths.0 < depths.1
            }
            guard let file = nearest else {
                throw StrataError(
                    .notFound, "the repository has no file \(wished ?? name), which the card names; see --file")
            }
            let digest = file.lfs?.sha256.flatMap { FileTransfer.isDigest($0) ? $0 : nil }
            return Item(name: name, path: file.rfilename, sizeBytes: file.size ?? file.lfs?.size, sha256: digest)
        }
    }

    // MARK: - Fetching

    /// Fetches what is not there yet, some files side by side; the first error ends the others.
    private func fetch(_ items: [Item], revision: String, into place: ModelWorkplace) async throws -> [String: String] {
        let sizes = Dictionary(items.map { ($0.name, $0.sizeBytes ?? 0) }) { $1 }
        progress.begin(fileCount: items.count, totals: sizes)
        var waiting = items[...]
        return try await withThrowingTaskGroup(of: (String, String).self) { group in
            var digests: [String: String] = [:]
            for item in waiting.prefix(min(16, max(1, options.parallelCount))) {
                group.addTask { (item.name, try await fetch(item, revision: revision, into: place)) }
            }
            waiting = waiting.dropFirst(min(16, max(1, options.parallelCount)))
            while let (name, digest) = try await group.next() {
                digests[name] = digest
                if let item = waiting.popFirst() {
                    group.addTask { (item.name, try await fetch(item, revision: revision, into: place)) }
                }
            }
            return digests
        }
    }

    private func fetch(_ item: Item, revision: String, into place: ModelWorkplace) async throws -> String {
        let path = "\(place.path)/\(item.name)"
        let (sizeBefore, known) = try await store.lane.run {
            let isWhole = FileManager.default.fileExists(atPath: path)
            let digest = isWhole ? try LocalModelStore.digest(ofFileAt: path) : nil
            let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
            return (isWhole ? size?.intValue ?? 0 : PartialFile(path: path).size() ?? 0, digest)
        }
        progress.resumed(sizeBefore)
        if let known, known == item.sha256 ?? known {
            progress.show(item.name, sizeBytes: sizeBefore, total: sizeBefore, isDone: true)
            return known
        }
        let transfer = FileTransfer(
            transport: transport, environment: store.environment, retries: options.retries,
            sizeBytesMax: options.fileBytesMax
        ) { progress.show(item.name, sizeBytes: $0, total: $1) }
        let source = FileTransfer.Source(
            url: try hub.fileURL(repository, revision: revision, path: item.path), token: hub.token, name: item.path,
            sizeBytes: item.sizeBytes, sha256: item.sha256)
        let digest = try await transfer.fetch(source, to: path)
        let size = try await store.lane.run {
            (try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.intValue ?? 0
        }
        progress.show(item.name, sizeBytes: size, total: size, isDone: true)
        return digest
    }
}
