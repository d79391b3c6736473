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

  @Test func everyPublishedDataSetCanBeFetched() throws {
    try withEmptyFolder { folder in
      for (name, file, md5) in [
        ("fashion-mnist", "t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("kmnist", "train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("cifar10", "cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"),
        ("cifar100", "cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8"),
        ("svhn", "test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3"),
        ("svhn-extra", "extra_32x32.mat", "a93ce644f1a588dc4d68dda5feec44a7"),
        ("stl10", "stl10_binary.tar.gz", "91f7769df0f17e558f3565bffb0c7dfb"),
      ] {
        let get = try GanProcess(
          ["data", "get", name, "--mirror", "http://127.0.0.1:9/", "--out", name], in: folder)
        #expect(get.status != 0)
        for word in [file, md5, folder.appendingPathComponent(name).path] {
          #expect(get.errors.contains(word), "\(get.errors)")
        }
      }
      let unknown = try GanProcess(["data", "get", "cifar11"], in: folder)
      #expect(unknown.status == 64 && unknown.errors.contains("mnist, fashion-mnist, kmnist, kmnist49, cifar10"))
    }
  }
}
