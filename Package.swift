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

/// GRDB, and the SQLite headers that it builds against.
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")

let package = Package(
    name: "strata",
    products: [
        .library(name: "StrataCore", targets: ["StrataCore"])
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0")
    ],
    targets: [
        .target(name: "StrataCore", swiftSettings: strict),
        .target(name: "CKeywordRank", dependencies: [sqlite], linkerSettings: [.linkedLibrary("sqlite3")]),
        .target(
            name: "RecordStore", dependencies: ["StrataCore", "CKeywordRank", grdb, sqlite], swiftSettings: strict),
        .target(name: "StrataTesting", dependencies: ["StrataCore"], swiftSettings: strict),

        .testTarget(name: "StrataCoreTests", dependencies: ["StrataCore"], swiftSettings: strict),
        .target(
            name: "CFaultVFS", dependencies: [sqlite], path: "Tests/Support/CFaultVFS",
            linkerSettings: [.linkedLibrary("sqlite3")]),
        .executableTarget(
            name: "crashchild", dependencies: ["RecordStore", "StrataCore"], path: "Tests/Support/crashchild",
            swiftSettings: strict),
        .executableTarget(
            name: "store-bench", dependencies: ["RecordStore", "StrataCore"], path: "Tests/Support/store-bench",
            swiftSettings: strict),
        .testTarget(
            name: "RecordStoreTests",
            dependencies: ["RecordStore", "StrataCore", "StrataTesting", "CFaultVFS", "crashchild", grdb],
            swiftSettings: strict),
    ]
)
