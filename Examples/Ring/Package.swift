// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Ring",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-gan", path: "../..")],
  targets: [.executableTarget(name: "Ring", dependencies: [.product(name: "GAN", package: "swift-gan")])],
  swiftLanguageModes: [.v6]
)
