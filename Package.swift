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
        .library(name: "Strata", targets: ["Strata"]),
        .library(name: "StrataCore", targets: ["StrataCore"]),
        .library(name: "StrataServer", targets: ["StrataServer"]),
        .library(name: "StrataTesting", targets: ["StrataTesting"]),
        .library(name: "TextModels", targets: ["TextModels"]),
        .library(name: "VectorSearch", targets: ["VectorSearch"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
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

        // The engine.
        .target(
            name: "Strata",
            dependencies: ["Ingest", "RecordStore", "StrataCore", "TextAnalysis", "TextModels", "VectorSearch"],
            swiftSettings: strict),
        .testTarget(
            name: "StrataTests", dependencies: ["Strata", "StrataCore", "StrataTesting", "TextAnalysis"],
            swiftSettings: strict),

        // Files.
        .target(name: "Ingest", dependencies: ["StrataCore"], swiftSettings: strict),
        .testTarget(name: "IngestTests", dependencies: ["Ingest", "StrataCore"], swiftSettings: strict),

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
                "Ingest", "Strata", "StrataCore", "StrataServer", argumentParser,
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
