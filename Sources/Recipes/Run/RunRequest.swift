import Files
import Foundation

/// What somebody asks of a run that another process trains. It is left in the run's folder, as the file `.request`, and
/// taken from there between two steps: so it reaches a run on another machine whose folder both share.
public enum RunRequest: String, Sendable, CaseIterable {
  /// To save a checkpoint now.
  case checkpoint
  /// To end after the step it is at, with a checkpoint.
  case stop
}

extension RunFolder {
  private var requestFile: URL { url.appendingPathComponent(".request") }

  /// Asks the process that trains here.
  ///
  /// - Throws: `FileError` where no process trains here, or the request cannot be left.
  public func ask(_ request: RunRequest) throws {
    guard FolderLock.isHeld(in: url) else {
      throw FileError(path: url.path, reason: "no process trains there that could be asked")
    }
    // Who asks to stop is not to be overruled by somebody who asks for less.
    if request == .checkpoint, Self.read(requestFile) == .stop { return }
    try replaceFile(at: requestFile, with: Data(request.rawValue.utf8))
  }

  /// What is asked for, which is then no longer; nil where nothing is.
  public func takeRequest() -> RunRequest? {
    guard access(requestFile.path, F_OK) == 0 else { return nil }
    let request = Self.read(requestFile)
    unlink(requestFile.path)
    return request
  }

  private static func read(_ file: URL) -> RunRequest? {
    (try? readText(at: file, limit: 64)).flatMap(RunRequest.init)
  }
}
