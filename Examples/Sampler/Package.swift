// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Sampler",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-gan", path: "../..")],
  targets: [.executableTarget(name: "Sampler", dependencies: [.product(name: "Recipes", package: "swift-gan")])],
  swiftLanguageModes: [.v6]
)
