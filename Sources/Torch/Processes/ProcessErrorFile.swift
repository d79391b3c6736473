import Files
import Foundation

/// Where torchrun looks for the reason of a process that ended with an error: the file that TORCHELASTIC_ERROR_FILE
/// names. It then reports that in the place of an exit code, and takes the earliest of several for the cause.
public enum ProcessErrorFile {
  private struct Content: Encodable {
    struct Message: Encodable {
      struct Info: Encodable { let timestamp: String }
      let message: String
      let extraInfo: Info
    }
    let message: Message
  }

  /// Writes `reason` where the launcher looks for it, if it does. That it cannot be written is no further error.
  ///
  /// - Parameter environment: names the file.
  public static func write(
    _ reason: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    guard let path = environment["TORCHELASTIC_ERROR_FILE"], !path.isEmpty else { return }
    let content = Content(
      message: .init(message: reason, extraInfo: .init(timestamp: "\(Int(Date().timeIntervalSince1970))")))
    guard let data = try? JSONEncoder().encode(content) else { return }
    try? data.write(to: URL(fileURLWithPath: path))
  }
}
