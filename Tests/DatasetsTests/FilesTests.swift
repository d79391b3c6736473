import Datasets
import Files
import Foundation
import Testing

@Suite struct CacheTests {
  @Test(arguments: [
    (["XDG_CACHE_HOME": "/caches", "HOME": "/home/a"], "/caches/swift-gan"),
    (["HOME": "/home/a"], "/home/a/.cache/swift-gan"),
    (["XDG_CACHE_HOME": "", "HOME": "/home/a"], "/home/a/.cache/swift-gan"),
    (["XDG_CACHE_HOME": "relative", "HOME": "/home/a"], "/home/a/.cache/swift-gan"),
  ])
  func followsTheSpecification(environment: [String: String], path: String) {
    #expect(Cache.directory(environment: environment).path == path)
  }

  @Test func withoutAnyVariable() {
    #expect(Cache.directory(environment: [:]).path.hasSuffix("/.cache/swift-gan"))
    #expect(MNIST.defaultDirectory == Cache.directory.appendingPathComponent("mnist", isDirectory: true))
  }
}

@Suite struct FolderTests {
  @Test func makesAllThatIsMissing() throws {
    try withFolder { folder in
      let deep = folder.appendingPathComponent("a/b/c")
      try makeFolder(at: deep)
      try makeFolder(at: deep)
      var isDirectory: ObjCBool = false
      #expect(FileManager.default.fileExists(atPath: deep.path, isDirectory: &isDirectory) && isDirectory.boolValue)
    }
  }

  /// Where a folder was removed under a program that writes in it, it is named and not made anew.
  @Test func aParentThatMustBeThere() throws {
    try withFolder { (folder: URL) in
      let run = folder.appendingPathComponent("run")
      let error = #expect(throws: FileError.self) {
        try makeFolder(at: run.appendingPathComponent("checkpoints"), makesParents: false)
      }
      #expect(error?.path == run.path)
      #expect(!FileManager.default.fileExists(atPath: run.path))
      try makeFolder(at: run, makesParents: false)
      try makeFolder(at: run, makesParents: false)
    }
  }

  @Test func fileInTheWay() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("file")
      try Data().write(to: file)
      #expect(try fileError { try makeFolder(at: file) }.description == "\(file.path): is a file, not a folder")
      let error = try fileError { try makeFolder(at: file.appendingPathComponent("below/it")) }
      #expect(error.path.hasPrefix(file.path), "\(error)")
    }
  }
}

@Test(arguments: [
  (0, "0"), (999, "999"), (1000, "1 000"), (47_040_016, "47 040 016"), (-1234, "-1 234"),
  (Int.min, "-9 223 372 036 854 775 808"),
])
func digitsInGroups(number: Int, text: String) {
  #expect(grouped(number) == text)
}

@Suite struct MD5Tests {
  /// The test suite of RFC 1321, appendix A.5.
  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
    ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
    (
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a"
    ),
  ])
  func knownAnswers(text: String, md5: String) {
    #expect(MD5.hex(of: Array(text.utf8)) == md5)
    var pieces = MD5()
    for byte in text.utf8 { withUnsafeBytes(of: byte) { pieces.update($0) } }
    #expect(pieces.finish() == md5)
  }
}
