import Foundation
import Testing

/// What the library says of itself where it is used: a comment on every public declaration. And that the check finds
/// one that has none, and leaves alone what needs none.
@Suite struct CommentTests {
  @Test func everyPublicDeclarationHasADocComment() throws {
    try withEmptyFolder { folder in
      let check = try check([GanProcess.package.appendingPathComponent("Sources").path], in: folder)
      #expect(check.status == 0, "\(check.errors)")
      let count = check.output.firstMatch(of: /all ([0-9]+) public declarations/).flatMap { Int($0.1) } ?? 0
      #expect(count > 3_000, "\(check.output)")
    }
  }

  /// Each source has one public declaration without a comment, in the line that ends with the number sign.
  @Test(arguments: [
    "public func plain() {} //#",
    "// No doc comment.\npublic struct Plain {} //#",
    "///\npublic struct Empty {} //#",
    "/// Belongs to the blank line.\n\npublic struct Far {} //#",
    "/// A.\npublic struct A {\n  public let x: Int //#\n}",
    "/// A.\npublic struct A {\n  /// X.\n  public let x: Int\n  public let y: Int //#\n}",
    "/// A.\npublic struct A {\n  public init( //#\n    _ x: Int\n  ) {}\n}",
    "/// A.\npublic enum A {\n  /// One.\n  case one\n  case two(Int), three //#\n}",
    "/// A.\npublic enum A { case one } //#",
    "/// A.\npublic protocol A {\n  var x: Int { get } //#\n}",
    "/// A.\npublic protocol A {\n  associatedtype B //#\n}",
    "public extension Int {\n  var x: Int { self } //#\n}",
    "extension Int {\n  /// X.\n  public static let x = \"public var y: Int\"\n  public static let z = 1 //#\n}",
    "/// A.\npublic struct A {\n  @inlinable //#\n  public subscript(_ x: Int) -> Int { x }\n}",
    "/// A.\npublic final class A {\n  public class func x() {} //#\n}",
    "/// A.\npublic struct A {\n  public typealias B = Int //#\n}",
    "/// A.\npublic struct A {\n  public static func + (a: A, b: A) -> A { a } //#\n}",
    // What is like the witness of a protocol, and is none.
    "/// A.\npublic struct A {\n  public var description: String { \"\" } //#\n}",
    "/// A.\npublic struct A: Codable {\n  public func encode(of x: Int) {} //#\n}",
    "/// P.\npublic protocol P {\n  /// X.\n  func x(_ y: Int)\n}\n/// A.\npublic struct A: P {\n"
      + "  public func x(_ y: Int) {}\n  public func x(z: Int) {} //#\n}",
  ])
  func findsADeclarationWithoutAComment(_ source: String) throws {
    try withEmptyFolder { folder in
      let lines = source.components(separatedBy: "\n")
      let line = try #require(lines.firstIndex { $0.hasSuffix("//#") }) + 1
      let check = try check(source, in: folder)
      #expect(check.status == 1)
      let found = check.errors.matches(of: /A\.swift:([0-9]+)/).map { Int($0.1) }
      // A line may declare several names.
      #expect(Set(found) == [line], "\(check.errors)")
    }
  }

  @Test(arguments: [
    "/// Plain.\npublic func plain() {}",
    "/** Plain. */\npublic func plain() {}",
    "/// With attributes between.\n@inlinable\n@available(*, deprecated, message: \"{\")\npublic func plain() {}",
    "/// Of several lines.\n///\n/// - Parameter x: a number.\npublic func plain(\n"
      + "  _ x: Int = [1, 2].map { $0 }.count,\n  y: (Int) -> Int = { public in public }\n) throws -> Int\n"
      + "where Int: Sendable {\n  let y = x\n  return y\n}",
    "struct Hidden {\n  public let x: Int\n  public init() {}\n}\nextension Hidden { public var y: Int { 1 } }",
    "/// A.\npublic struct A {\n  let x: Int\n  private(set) var y = 1\n  init() {}\n  enum B { case c }\n}",
    "/// A.\npublic enum A {\n  /// Both.\n  case one, two\n  /// Three.\n  case three(x: Int = 1)\n}",
    "/// Text with braces.\npublic let text = \"\"\"\n  } \\(\"}\".count) {{\n  public let x = 1\n  \"\"\"\n"
      + "/// Pattern.\npublic let pattern = /[}\"/]+\\}/\n/// Raw.\npublic let raw = #\"\"}\"#",
    "/// A.\npublic struct A: Hashable, Codable, CustomStringConvertible {\n  public var description: String { \"\" }\n"
      + "  public init(from decoder: any Decoder) throws {}\n  public func encode(to encoder: any Encoder) throws {}\n"
      + "  public static func == (a: A, b: A) -> Bool { true }\n  public func hash(into hasher: inout Hasher) {}\n}",
    "/// A.\npublic struct A {\n  public var description: String { \"\" }\n}\nextension A: CustomStringConvertible {}",
    // Witnesses of a protocol that is inherited, defaults of its requirements, and what overrides.
    "/// P.\npublic protocol P {\n  /// X.\n  func x(_ y: Int)\n}\n/// Q.\npublic protocol Q: P {}\n"
      + "extension P {\n  public func x(_ z: Int) {}\n}\n/// A.\npublic class A: Q {\n  public func x(_ y: Int) {}\n"
      + "  /// Y.\n  public func y() {}\n}\n/// B.\npublic final class B: A {\n  public override func y() {}\n}",
  ])
  func leavesADeclarationWithACommentOrAnInheritedOneAlone(_ source: String) throws {
    try withEmptyFolder { folder in
      // One that counts stands beside it: a file that could not be read would have none.
      let check = try check(source + "\n/// Last.\npublic let last = 1\n", in: folder)
      #expect(check.status == 0, "\(check.errors)")
      #expect(check.output.hasPrefix("1 files: all "))
    }
  }

  @Test func aFileThatCannotBeReadIsAFault() throws {
    try withEmptyFolder { folder in
      let check = try check("/// A.\npublic struct A {\n  func x() {\n}\n", in: folder)
      #expect(check.status == 1 && check.errors.contains("A.swift: brackets do not match"), "\(check.errors)")
    }
  }

  private func check(_ source: String, in folder: URL) throws -> GanProcess {
    let file = folder.appendingPathComponent("A.swift")
    try Data(source.utf8).write(to: file)
    return try check([file.path], in: folder)
  }

  private func check(_ paths: [String], in folder: URL) throws -> GanProcess {
    let script = GanProcess.package.appendingPathComponent("Scripts/check-comments").path
    return try GanProcess(["python3", script] + paths, in: folder, executable: URL(fileURLWithPath: "/usr/bin/env"))
  }
}
