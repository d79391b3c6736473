// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Serve",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "swift-gan", path: "../.."),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    // What the server does, without the server: swift-gan's own tests build it, too.
    .target(
      name: "SampleService",
      dependencies: [
        // Hummingbird brings another module of the name `Metrics`, that of swift-metrics.
        .product(name: "Recipes", package: "swift-gan", moduleAliases: ["Metrics": "GanMetrics"])
      ]),
    .executableTarget(
      name: "Serve",
      dependencies: [
        "SampleService", .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
