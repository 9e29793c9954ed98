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

let package = Package(
    name: "strata",
    products: [
        .library(name: "StrataCore", targets: ["StrataCore"])
    ],
    targets: [
        .target(name: "StrataCore", swiftSettings: strict),
        .target(name: "TextModels", dependencies: ["StrataCore"], swiftSettings: strict),
        .testTarget(
            name: "TextModelsTests", dependencies: ["StrataCore", "TextModels"],
            exclude: ["Tokenizers/Fixtures"], swiftSettings: strict),
        .testTarget(name: "StrataCoreTests", dependencies: ["StrataCore"], swiftSettings: strict),
    ]
)
