// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: Swift 6 mode, explicit existentials and imports, no warnings.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")

/// What the server stands on; nothing below it depends on any of these.
let serverStack: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HummingbirdTLS", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
]

let package = Package(
    name: "strata",
    products: [
        .executable(name: "strata", targets: ["StrataCLI"]),
        .library(name: "Learning", targets: ["Learning"]),
        .library(name: "MCP", targets: ["MCP"]),
        .library(name: "Strata", targets: ["Strata"]),
        .library(name: "StrataCore", targets: ["StrataCore"]),
        .library(name: "StrataServer", targets: ["StrataServer"]),
        .library(name: "StrataTesting", targets: ["StrataTesting"]),
        .library(name: "Telemetry", targets: ["Telemetry"]),
        .library(name: "TextModels", targets: ["TextModels"]),
        .library(name: "VectorSearch", targets: ["VectorSearch"]),
        // For the benchmarks, which measure the kernels themselves.
        .library(name: "CVectorKernels", targets: ["CVectorKernels"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    ],
    targets: [
        // Values and seams.
        .target(name: "StrataCore", swiftSettings: strict),
        .target(name: "StrataTesting", dependencies: ["StrataCore"], swiftSettings: strict),
        .testTarget(name: "StrataCoreTests", dependencies: ["StrataCore"], swiftSettings: strict),

        // Words.
        .target(name: "TextAnalysis", dependencies: ["StrataCore"], swiftSettings: strict),
        .testTarget(
            name: "TextAnalysisTests", dependencies: ["StrataCore", "TextAnalysis"], resources: [.copy("Golden")],
            swiftSettings: strict),

        // Models.
        .target(
            name: "COnnxRuntime",
            linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux])), .linkedLibrary("m")]),
        .target(name: "TextModels", dependencies: ["COnnxRuntime", "StrataCore"], swiftSettings: strict),
        .testTarget(
            name: "TextModelsTests", dependencies: ["COnnxRuntime", "StrataCore", "StrataTesting", "TextModels"],
            exclude: ["Tokenizers/Fixtures"], resources: [.copy("Runtime/Fixtures")], swiftSettings: strict),

        // Models from elsewhere: the store of model folders, and an embedder behind an HTTP interface. Nothing of the
        // engine depends on this target, so that its users need no network library.
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "ModelStore",
            dependencies: ["CZlib", "StrataCore", "TextModels", httpClient, nioCore, nioHTTP1, nioPosix],
            swiftSettings: strict),
        .testTarget(
            name: "ModelStoreTests",
            dependencies: ["COnnxRuntime", "ModelStore", "StrataCore", "StrataTesting", "TextModels"],
            swiftSettings: strict),

        // Vectors.
        .target(name: "CVectorKernels"),
        .target(name: "VectorSearch", dependencies: ["CVectorKernels", "StrataCore"], swiftSettings: strict),
        .testTarget(
            name: "VectorSearchTests", dependencies: ["CVectorKernels", "StrataCore", "StrataTesting", "VectorSearch"],
            swiftSettings: strict),

        // The store.
        .target(name: "CKeywordRank"),
        .target(
            name: "RecordStore", dependencies: ["CKeywordRank", "StrataCore", grdb, sqlite], swiftSettings: strict),
        .target(
            name: "CFaultVFS", dependencies: [sqlite], path: "Tests/Support/CFaultVFS",
            linkerSettings: [.linkedLibrary("sqlite3")]),
        .executableTarget(
            name: "crashchild", dependencies: ["RecordStore", "StrataCore"], path: "Tests/Support/crashchild",
            swiftSettings: strict),
        .testTarget(
            name: "RecordStoreTests",
            dependencies: ["CFaultVFS", "RecordStore", "StrataCore", "StrataTesting", "crashchild", grdb],
            swiftSettings: strict),

        // Backups. Encryption is apart, because BoringSSL takes a minute to build.
        .target(name: "Backup", dependencies: ["CZlib", "StrataCore"], swiftSettings: strict),
        .target(
            name: "BackupEncryption", dependencies: ["Backup", "StrataCore", crypto], swiftSettings: strict),
        .testTarget(
            name: "BackupTests", dependencies: ["Backup", "BackupEncryption", "StrataCore", "StrataTesting"],
            swiftSettings: strict),

        // What is learned.
        .target(name: "Learning", swiftSettings: strict),
        .testTarget(name: "LearningTests", dependencies: ["Learning"], swiftSettings: strict),

        // How it is doing.
        .target(name: "Telemetry", dependencies: ["StrataCore", metrics], swiftSettings: strict),
        .testTarget(
            name: "TelemetryTests", dependencies: ["StrataCore", "Telemetry", metrics], swiftSettings: strict),

        // The engine.
        .target(
            name: "Strata",
            dependencies: [
                "Backup", "Ingest", "Learning", "RecordStore", "StrataCore", "Telemetry", "TextAnalysis",
                "TextModels", "VectorSearch", metrics,
            ],
            resources: [.embedInCode("Promotion/promotion-model.json")], swiftSettings: strict),
        .testTarget(
            name: "StrataTests",
            dependencies: [
                "Backup", "crashharness", "Learning", "Strata", "StrataCore", "StrataTesting", "Telemetry",
                "TextAnalysis",
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "crashharness", dependencies: ["Backup", "Strata", "StrataCore", "StrataTesting"],
            path: "Tests/Support/crashharness", swiftSettings: strict),

        // Files.
        .target(name: "Ingest", dependencies: ["StrataCore"], swiftSettings: strict),
        .testTarget(name: "IngestTests", dependencies: ["Ingest", "StrataCore"], swiftSettings: strict),

        // Files that nobody should have written.
        .testTarget(
            name: "FuzzTests", dependencies: ["Ingest", "StrataCore", "StrataTesting", "TextModels", "VectorSearch"],
            swiftSettings: strict),

        // One owner, many processes.
        .target(name: "OwnerLink", dependencies: ["Strata", "StrataCore"], swiftSettings: strict),
        .testTarget(
            name: "OwnerLinkTests", dependencies: ["OwnerLink", "Strata", "StrataCore", "StrataTesting"],
            swiftSettings: strict),

        // The Model Context Protocol.
        .target(name: "MCP", dependencies: ["Strata", "StrataCore"], swiftSettings: strict),
        .testTarget(
            name: "MCPTests", dependencies: ["MCP", "Strata", "StrataCore", "StrataTesting"], swiftSettings: strict),

        // The server.
        .target(
            name: "StrataServer", dependencies: ["Strata", "StrataCore"] + serverStack, swiftSettings: strict),
        .testTarget(
            name: "StrataServerTests",
            dependencies: ["Strata", "StrataCore", "StrataServer", "StrataTesting"] + serverStack,
            swiftSettings: strict),

        // The command.
        .executableTarget(
            name: "StrataCLI",
            dependencies: [
                "Backup", "BackupEncryption", "Ingest", "MCP", "ModelStore", "OwnerLink", "Strata", "StrataCore",
                "StrataServer", "Telemetry", "TextModels", argumentParser, metrics,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "StrataCLITests", dependencies: ["Strata", "StrataCLI", "StrataCore"],
            exclude: ["server_clients.py"], swiftSettings: strict),
    ]
)
