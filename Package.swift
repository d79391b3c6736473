// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Where libtorch is: TORCH_HOME (a folder with `include` and `lib`, such as an installed `torch` Python package),
/// or the link that `make setup` places here.
let torch = Context.environment["TORCH_HOME"] ?? Context.packageDirectory + "/.libtorch"

/// Set by `make sanitize`: what is undefined in our C++ ends the program. (Swift on Linux has no runtime to report it
/// with.)
let sanitized = Context.environment["SWIFT_GAN_SANITIZE"] != nil
let checks = ["-fsanitize=undefined", "-fsanitize-trap=undefined", "-fno-sanitize=vptr,function"]

/// Whether another package depends on this one by version. SwiftPM then refuses flags that it does not know: there are
/// none, and libtorch is found by pkg-config, in the file that `make setup` writes.
let isDependency = Context.packageDirectory.contains("/checkouts/")

let strictC: [CSetting] = isDependency ? [] : [.unsafeFlags(["-Wall", "-Werror", "-O3"] + (sanitized ? checks : []))]
let strictCXX: [CXXSetting] =
  isDependency ? [] : [.unsafeFlags(["-Wall", "-Werror", "-O3"] + (sanitized ? checks : []))]

/// Set by `make fuzz`: libFuzzer's library. Our Swift then tells it which of its branches an input has taken.
let fuzzer = Context.environment["SWIFT_GAN_FUZZER"]

let strict: [SwiftSetting] =
  [.treatAllWarnings(as: .error)] + (fuzzer == nil ? [] : [.unsafeFlags(["-sanitize=fuzzer"])])

/// For modules that only call others, and for tests: optimising is most of their compiling, and makes nothing faster
/// that anyone waits for.
let unoptimized: [SwiftSetting] = strict + (isDependency ? [] : [.unsafeFlags(["-Onone"])])

/// One executable that fuzzes whichever parser it is told to.
let fuzzTargets: [Target] =
  fuzzer.map { library in
    [
      .target(name: "CFuzzer", path: "Tests/CFuzzer"),
      .executableTarget(
        name: "FuzzCommand", dependencies: ["Fuzzing", "CFuzzer"], path: "Tests/FuzzCommand",
        swiftSettings: [.treatAllWarnings(as: .error)],
        linkerSettings: [.unsafeFlags([library]), .linkedLibrary("stdc++")]),
    ]
  } ?? []

let package = Package(
  name: "swift-gan",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "GAN", targets: ["GAN", "NN", "Torch", "Datasets", "Metrics", "Scores", "Files"]),
    .library(
      name: "Recipes",
      targets: ["Recipes", "GAN", "NN", "Torch", "Datasets", "Metrics", "Scores", "Files", "Images"]),
    .library(name: "Report", targets: ["Report", "Images"]),
    .executable(name: "gan", targets: ["GanMain"]),
    .executable(name: "gan-bench", targets: ["Benchmarks"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    // Its module CYaml, whose events RecipeFile reads, is no product: another minor version may be without it.
    .package(url: "https://github.com/jpsim/Yams", .upToNextMinor(from: "6.2.0")),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    .systemLibrary(name: "Clibarchive", providers: [.apt(["libarchive-dev"]), .brew(["libarchive"])]),
    .systemLibrary(name: "Clibmd", providers: [.apt(["libmd-dev"])]),
    .systemLibrary(name: "Csyncfs"),
    .systemLibrary(name: "Clibzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
    .systemLibrary(name: "Clzma", providers: [.apt(["liblzma-dev"]), .brew(["xz"])]),
    .systemLibrary(name: "Cmatio", providers: [.apt(["libmatio-dev"]), .brew(["libmatio"])]),
    .systemLibrary(name: "Cpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(name: "Cjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(name: "Cwebp", providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
    .systemLibrary(name: "Czlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CKernelLevel", cSettings: isDependency ? [] : [.unsafeFlags(["-Wall", "-Werror"])]),
    .systemLibrary(name: "CLibtorch", pkgConfig: isDependency ? "swift-gan-libtorch" : nil),
    .target(
      // Two translation units (Sources/CTorch/units) hold all files: libtorch's headers are most of the compiling. For
      // the same reason debug information is of lines alone; a debugger shows no variables of C++.
      name: "CTorch", dependencies: ["CKernelLevel", "CLibtorch"], sources: ["units"],
      cxxSettings: isDependency
        ? []
        : [
          .unsafeFlags(
            [
              "-isystem", torch + "/include", "-isystem", torch + "/include/torch/csrc/api/include", "-Wall", "-Werror",
              "-Wno-psabi", "-O3", "-Xclang", "-debug-info-kind=line-tables-only",
            ] + (sanitized ? checks : []))
        ],
      linkerSettings: isDependency
        ? [.linkedLibrary("torch"), .linkedLibrary("torch_cpu"), .linkedLibrary("c10")]
        : [
          // libtorch itself must stay linked although nothing refers to it: it is what pulls in the CUDA libraries.
          .unsafeFlags(["-L" + torch + "/lib", "-Xlinker", "-rpath", "-Xlinker", torch + "/lib"]),
          .unsafeFlags(["-Xlinker", "--no-as-needed"], .when(platforms: [.linux])),
          .linkedLibrary("torch"), .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
        ]
    ),
    .target(
      name: "Files", dependencies: [.target(name: "Clibmd", condition: .when(platforms: [.linux])), "Csyncfs"],
      swiftSettings: strict),
    .target(
      name: "CImages", dependencies: ["Cpng", "Cjpeg", "Cwebp"], cSettings: strictC, cxxSettings: strictCXX,
      linkerSettings: [
        .linkedLibrary("png"), .linkedLibrary("jpeg"), .linkedLibrary("webp"), .linkedLibrary("webpmux"),
        .linkedLibrary("webpdemux"),
      ]),
    .target(name: "Images", dependencies: ["CImages", "Files", "Czlib"], swiftSettings: strict),
    .target(name: "Torch", dependencies: ["CTorch", "CKernelLevel", "Files"], swiftSettings: strict),
    .target(name: "NN", dependencies: ["Torch"], swiftSettings: strict),
    .target(name: "Settings", swiftSettings: strict),
    .target(name: "GAN", dependencies: ["NN", "Settings"], swiftSettings: strict),
    .target(
      name: "Datasets",
      dependencies: [
        "Torch", "Files", "Settings", "Images", "Czlib", "Clibarchive", "Clibzip", "Clzma", "Cmatio",
        .target(name: "Clibmd", condition: .when(platforms: [.linux])),
      ],
      swiftSettings: strict),
    .target(name: "CReportFiles", cSettings: strictC),
    .target(name: "CLiveFiles", cSettings: strictC),
    .target(
      name: "Report", dependencies: ["CReportFiles", "Files", "Images"], exclude: ["Resources"], swiftSettings: strict),
    .target(name: "Protobuf", swiftSettings: strict),
    .target(name: "TensorBoard", dependencies: ["Files", "Protobuf"], swiftSettings: strict),
    .target(name: "WandB", dependencies: ["Files", "Protobuf", "Czlib"], swiftSettings: strict),
    .target(name: "ONNX", dependencies: ["Torch", "Protobuf"], swiftSettings: strict),
    .target(name: "Metrics", dependencies: ["NN"], swiftSettings: strict),
    .target(
      name: "Scores", dependencies: ["Torch", "NN", "Files", "Images", "Datasets", "Metrics"], swiftSettings: strict),
    .target(
      name: "Recipes",
      dependencies: [
        "GAN", "Datasets", "Settings", "Metrics", "Scores", "Images", "TensorBoard", "WandB", "ONNX",
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .target(
      name: "GanCommand",
      dependencies: [
        "CLiveFiles", "Recipes", "Report", "Images",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "FlyingFox", package: "FlyingFox"), .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
      exclude: ["Resources"], swiftSettings: unoptimized),
    .executableTarget(name: "GanMain", dependencies: ["GanCommand", "Torch"], swiftSettings: strict),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Recipes", "Images", "Metrics", "Scores", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    // Examples/Serve without its server, which takes minutes to build.
    .target(
      name: "ServedSamples", dependencies: ["Recipes", "Images", "Torch"], path: "Examples/Serve/Sources/SampleService",
      swiftSettings: strict),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: unoptimized),
    .target(name: "GoldenSupport", dependencies: ["Torch"], path: "Tests/GoldenSupport", swiftSettings: strict),
    .target(
      name: "Fuzzing", dependencies: ["GanCommand", "Images", "Scores", "Metrics"], path: "Tests/Fuzzing",
      swiftSettings: strict),
    .testTarget(name: "FuzzTests", dependencies: ["Fuzzing", "Files"], swiftSettings: unoptimized),
    // Optimised: what an optimiser makes of the lifetimes of imported references is what these hold.
    .testTarget(name: "TorchTests", dependencies: ["Torch", "GoldenSupport"], swiftSettings: strict),
    .testTarget(name: "NNTests", dependencies: ["NN", "GoldenSupport"], swiftSettings: strict),
    .testTarget(
      name: "GANTests", dependencies: ["GAN", "Datasets", "Settings", "GoldenSupport"], swiftSettings: unoptimized),
    // Started by tests, several times at once.
    .executableTarget(
      name: "ProcessHelper", dependencies: ["GAN", "NN", "Settings", "Torch"], path: "Tests/ProcessHelper",
      swiftSettings: strict),
    .testTarget(
      name: "ProcessTests", dependencies: ["GAN", "Recipes", "Torch", "Files", "Settings", "ProcessHelper"],
      swiftSettings: unoptimized),
    .testTarget(
      name: "MetricsTests", dependencies: ["Metrics", "Datasets", "GoldenSupport"], swiftSettings: unoptimized),
    .testTarget(
      name: "ScoresTests", dependencies: ["Scores", "Datasets", "Images", "Files", "GoldenSupport"],
      exclude: ["Golden"], swiftSettings: unoptimized),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "Files", "Images", "Czlib"],
      resources: [.copy("Resources/file_server.py")], swiftSettings: unoptimized),
    .testTarget(
      name: "ImagesTests", dependencies: ["Images", "Files"], exclude: ["Golden"], swiftSettings: unoptimized),
    .testTarget(
      name: "TensorBoardTests", dependencies: ["TensorBoard", "Files"], exclude: ["Golden"],
      swiftSettings: unoptimized),
    .testTarget(name: "WandBTests", dependencies: ["WandB"], swiftSettings: unoptimized),
    .testTarget(name: "ReportTests", dependencies: ["Report", "Images", "TestSupport"], swiftSettings: unoptimized),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "Recipes", "GanCommand", "Settings", "Metrics", "Report", "Images", "TensorBoard", "ONNX", "NN", "GAN", "Files",
        "Torch", "TestSupport", "GoldenSupport", "ServedSamples",
      ],
      swiftSettings: unoptimized),
  ] + fuzzTargets,
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
