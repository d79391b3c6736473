import Files
import Foundation
import Testing

@Suite struct RegularFileTests {
  @Test func whatIsNoFile() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("file")
      func expectRefusal(_ reason: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let error = try fileError(sourceLocation: sourceLocation) { _ = try readFile(at: file) }
        #expect(error.reason.hasPrefix(reason) && error.path == file.path, sourceLocation: sourceLocation)
      }
      try expectRefusal("there is no such file")
      #expect(mkfifo(file.path, 0o600) == 0)
      try expectRefusal("is not a regular file")
      unlink(file.path)
      #expect(symlink("file", file.path) == 0)
      try expectRefusal("cannot be opened")
      unlink(file.path)
      #expect(symlink("/dev/zero", file.path) == 0)
      try expectRefusal("is not a regular file")
      unlink(file.path)
      #expect(mkdir(file.path, 0o700) == 0)
      try expectRefusal("is a folder, not a file")
    }
  }

  @Test func sizes() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("file")
      try Data([1, 2, 3]).write(to: file)
      #expect(try readFile(at: file, limit: 3) == Data([1, 2, 3]))
      #expect(try fileError { _ = try readFile(at: file, limit: 2) }.reason.contains("3 bytes"))
      try Data().write(to: file)
      #expect(try readFile(at: file).isEmpty)
      // A file of holes claims what no memory has.
      #expect(truncate(file.path, 1 << 50) == 0 || errno == EFBIG)
      if try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int == 1 << 50 {
        #expect(try fileError { _ = try readFile(at: file) }.reason.contains("no memory"))
      }
    }
  }

  @Test func text() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("file")
      try Data("größer\u{FFFD}".utf8).write(to: file)
      #expect(try readText(at: file) == "größer\u{FFFD}")
      try (Data("größer".utf8) + [0xC3, 0x28]).write(to: file)
      #expect(try fileError { _ = try readText(at: file) }.place == .byte(8))
      try Data([0xEF, 0xBF, 0xBD, 0xFF]).write(to: file)
      #expect(try fileError { _ = try readText(at: file) }.place == .byte(3))
    }
  }
}
