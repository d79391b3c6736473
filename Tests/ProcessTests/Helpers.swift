import Foundation
import Testing

/// The helper, started as often as there are processes, as a launcher would.
struct Helpers {
  struct Ended {
    let status: Int32
    let output: String
    let errors: String
  }

  static let executable: URL = {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    return bundle.appendingPathComponent("ProcessHelper")
  }()

  /// A port that nobody has, as far as the system tells.
  static func freePort() -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length)
        getsockname(descriptor, $0, &length)
      }
      return Int(UInt16(bigEndian: pointer.pointee.sin_port))
    }
  }

  let processes: [Process]
  private let outputs: [(out: URL, errors: URL)]

  /// - Parameters:
  ///   - count: processes; 1 is by itself.
  ///   - arguments: of the process of a rank.
  ///   - environment: of the process of a rank, over what a launcher sets.
  init(
    _ count: Int, in folder: URL, patience: Double = 60, port: Int? = nil, missing: Set<Int> = [],
    executable: URL = Self.executable, environment: (Int) -> [String: String] = { _ in [:] },
    _ arguments: (Int) -> [String]
  ) throws {
    let port = port ?? Self.freePort()
    var (processes, outputs): ([Process], [(URL, URL)]) = ([], [])
    for rank in 0..<count where !missing.contains(rank) {
      let process = Process()
      process.executableURL = executable
      process.arguments = arguments(rank)
      process.currentDirectoryURL = folder
      var variables = ProcessInfo.processInfo.environment
      variables["OMP_NUM_THREADS"] = "1"
      variables["SWIFT_GAN_PATIENCE"] = "\(patience)"
      if count > 1 {
        variables.merge([
          "RANK": "\(rank)", "WORLD_SIZE": "\(count)", "LOCAL_WORLD_SIZE": "\(count)", "MASTER_ADDR": "127.0.0.1",
          "MASTER_PORT": "\(port)",
        ]) { $1 }
      }
      process.environment = variables.merging(environment(rank)) { $1 }
      process.standardInput = FileHandle.nullDevice
      let files = (
        folder.appendingPathComponent("\(count)-\(rank).out"), folder.appendingPathComponent("\(count)-\(rank).errors")
      )
      for file in [files.0, files.1] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
      process.standardOutput = try FileHandle(forWritingTo: files.0)
      process.standardError = try FileHandle(forWritingTo: files.1)
      try process.run()
      processes.append(process)
      outputs.append(files)
    }
    self.processes = processes
    self.outputs = outputs
  }

  /// Waits for all.
  func ended() throws -> [Ended] {
    try zip(processes, outputs).map { process, files in
      process.waitUntilExit()
      return Ended(
        status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
        output: try String(contentsOf: files.out, encoding: .utf8),
        errors: try String(contentsOf: files.errors, encoding: .utf8))
    }
  }
}

/// An empty folder for the length of `body`.
func withEmptyFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("gan-processes-\(UUID())")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.resolvingSymlinksInPath())
}
