import Foundation
import Testing

/// `gan data get` as a user meets it. How downloads resume, and what mirrors can do wrong, is tested in DatasetsTests.
@Suite struct DataCommandTests {
  static let published: URL? = {
    let environment = ProcessInfo.processInfo.environment["GAN_MNIST"].map { URL(fileURLWithPath: $0) }
    let folder = environment ?? GanProcess.package.appendingPathComponent("../shared/data/mnist").standardized
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }()

  @Test(.enabled(if: published != nil, "no MNIST files beside the checkout, and GAN_MNIST is not set"))
  func fetchesTheFilesAndTrainsOnThem() throws {
    try withEmptyFolder { folder in
      let server = Process()
      server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      server.arguments = [
        "python3", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", Self.published!.path,
      ]
      let output = Pipe()
      (server.standardOutput, server.standardError) = (output, FileHandle.nullDevice)
      try server.run()
      defer { kill(server.processIdentifier, SIGKILL) }
      let greeting = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
      let port = try #require(greeting.firstMatch(of: /port (\d+)/)).1
      let get = try GanProcess(
        ["data", "get", "mnist", "--mirror", "http://127.0.0.1:\(port)/"], in: folder,
        environment: ["XDG_CACHE_HOME": folder.appendingPathComponent("cache").path])
      #expect(get.status == 0, "\(get.errors)")
      #expect(get.output.split(separator: "\n").count == 4)
      let train = try GanProcess(
        ["train", "mnist", "--steps", "2", "--out", "run"], in: folder,
        environment: ["XDG_CACHE_HOME": folder.appendingPathComponent("cache").path])
      #expect(train.status == 0, "\(train.errors)")
    }
  }

  @Test func withoutNetworkItSaysWhatToPutWhere() throws {
    try withEmptyFolder { folder in
      let get = try GanProcess(
        ["data", "get", "mnist", "--mirror", "http://127.0.0.1:9/", "--out", "here"], in: folder)
      #expect(get.status != 0)
      for word in ["train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", "here"] {
        #expect(get.errors.contains(word), "\(get.errors)")
      }
    }
  }
}
