// swift-tools-version: 6.2
import PackageDescription

/// A package of its own, so that nobody who depends on Strata builds it.
let package = Package(
    name: "embed-bench",
    dependencies: [.package(name: "strata", path: "../../..")],
    targets: [
        .executableTarget(
            name: "EmbedBench",
            dependencies: [
                .product(name: "TextModels", package: "strata"), .product(name: "StrataCore", package: "strata"),
            ])
    ]
)
