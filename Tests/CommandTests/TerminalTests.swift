import Foundation
import Testing

/// The progress line on terminals of all kinds.
@Suite struct TerminalTests {
  /// What `gan` writes to a terminal of so many columns.
  private func screen(_ arguments: [String], columns: Int, kind: String, in folder: URL) throws -> String {
    // As openpty does it; Swift's Glibc module hides that and its parts.
    let (unlockSlave, numberOfSlave) = (UInt(0x4004_5431), UInt(0x8004_5430))
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    defer { close(master) }
    var (lock, number) = (Int32(0), Int32(0))
    try #require(master >= 0 && ioctl(master, unlockSlave, &lock) == 0 && ioctl(master, numberOfSlave, &number) == 0)
    let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    try #require(slave >= 0)
    var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    #expect(ioctl(master, UInt(TIOCSWINSZ), &size) == 0)
    let process = Process()
    process.executableURL = GanProcess.executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(["TERM": kind]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
    try process.run()
    close(slave)
    var text = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      // The last process to have the terminal open has gone: an error on Linux, the end elsewhere.
      let count = read(master, &buffer, buffer.count)
      if count <= 0 { break }
      text.append(contentsOf: buffer[..<count])
    }
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: text, as: UTF8.self)
  }

  @Test(arguments: [20, 40, 60, 79, 200])
  func noLineIsWiderThanTheTerminal(_ columns: Int) throws {
    try withEmptyFolder { folder in
      let text = try screen(
        [
          "train", "one-dimensional", "--threads", "1", "--steps", "3000", "--out", "r", "--set",
          "name=one-dimensional-with-feature-matching",
        ], columns: columns, kind: "xterm", in: folder)
      let lines = text.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "").split(whereSeparator: \.isNewline)
      let bars = lines.filter { $0.contains("%") }
      #expect(bars.count > 1, "\(text)")
      #expect(bars.allSatisfy { $0.count < columns }, "\(bars.max { $0.count < $1.count } ?? "")")
      // The note is what is worth least.
      #expect(bars.contains { $0.contains("  D ") } == (columns == 200))
    }
  }

  @Test func aTerminalThatCannotDrawOverALineGetsNoSequences() throws {
    try withEmptyFolder { folder in
      let text = try screen(
        ["train", "one-dimensional", "--threads", "1", "--steps", "500", "--out", "r"], columns: 80, kind: "dumb",
        in: folder)
      #expect(
        text.contains("100%") && !text.contains("\u{1B}") && !text.replacing("\r\n", with: "").contains("\r"), "\(text)"
      )
    }
  }
}
