import Foundation

/// What all processes of a group must have alike before they play: the same recipe, data, program.
public struct Agreement: Sendable, Equatable {
  /// A thing that must be alike, in the order in which differences are looked for.
  public struct Part: Sendable, Equatable {
    /// Such as "recipe".
    public let name: String
    /// Lines of text, of which the first that differs is named.
    public let value: String

    /// - Parameters:
    ///   - name: such as "recipe".
    ///   - value: lines of text.
    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
  }

  /// In the order in which differences are looked for.
  public let parts: [Part]

  /// - Parameter parts: in the order in which differences are looked for.
  public init(_ parts: [Part]) { self.parts = parts }

  /// What is first found to differ between processes 0 and `rank`; nil where nothing does.
  public static func difference(_ first: Agreement, _ other: Agreement, rank: Int) -> String? {
    for (a, b) in zip(first.parts, other.parts) where a != b {
      guard a.name == b.name else {
        return "process \(rank) is another program: it names \(b.name), process 0 \(a.name)"
      }
      let (ofFirst, ofOther) = (lines(a.value), lines(b.value))
      let place = zip(ofFirst, ofOther).enumerated().first { $1.0 != $1.1 }?.offset ?? min(ofFirst.count, ofOther.count)
      func line(_ lines: [Substring]) -> String {
        place < lines.count ? "'\(lines[place].drop { $0 == " " })'" : "nothing more"
      }
      return "process \(rank) has another \(a.name) than process 0: \(line(ofOther)), not \(line(ofFirst))"
    }
    return first.parts.count == other.parts.count
      ? nil
      : "process \(rank) is another program: it compares \(other.parts.count) things, process 0 \(first.parts.count)"
  }

  private static func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
  }
}

extension ProcessGroup {
  /// Compares what all processes have; every process finds the same.
  ///
  /// - Throws: ``ProcessError`` naming the first difference.
  public func require(_ own: Agreement) throws {
    activity = "comparing what the processes have"
    // As a text with the length of each piece before it.
    let text = own.parts.map { "\($0.name.utf8.count) \($0.value.utf8.count) \($0.name)\($0.value)" }.joined()
    let texts = try exchanged(text)
    let agreements = try texts.map { try Agreement(text: $0) }
    for (rank, other) in agreements.enumerated().dropFirst() {
      if let difference = Agreement.difference(agreements[0], other, rank: rank) { throw ProcessError(difference) }
    }
  }

  /// The numbers of every process, one after the other in the order of their ranks; each may have another number of
  /// them.
  ///
  /// - Throws: ``ProcessError``, `TensorError`.
  public func joined<Element: TensorElement>(_ own: [Element]) throws -> [Element] {
    let counts = try explaining { try gathered(Tensor([Int64(own.count)])).values(Int64.self).map(Int.init) }
    let room = counts.max()!
    guard room > 0 else { return [] }
    let mine = Tensor(own)
    let padded =
      own.count == room ? mine : concatenated([mine, .zeros([room - own.count], dtype: Element.dtype)], 0)
    let all = try explaining { try gathered(padded.contiguous()).checked() }
    return try counts.enumerated().flatMap { rank, count in
      try all.sliced(0, rank..<rank + 1).reshaped([-1]).sliced(0, 0..<count).values(Element.self)
    }
  }

  /// The files of every process, one after the other in the order of their ranks; each may have another number of them.
  ///
  /// - Throws: ``ProcessError``.
  public func joined(_ files: [Data]) throws -> [Data] {
    let counts = try joined(files.map { Int64($0.count) }).map { Int($0) }
    var rest = try joined(files.flatMap { [UInt8]($0) })[...]
    return counts.map { count in
      defer { rest = rest.dropFirst(count) }
      return Data(rest.prefix(count))
    }
  }

  /// The text of every process, by rank.
  ///
  /// - Throws: ``ProcessError``.
  public func exchanged(_ text: String) throws -> [String] {
    try joined([Data(text.utf8)]).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Whether `checksum`, such as that of all parameters, is the same in all processes.
  ///
  /// - Returns: the first process whose checksum is not that of process 0; nil where there is none.
  /// - Throws: ``ProcessError``.
  public func firstDifference(of checksum: String) throws -> Int? {
    let all = try exchanged(checksum)
    return all.firstIndex { $0 != all[0] }
  }
}

extension Agreement {
  fileprivate init(text: String) throws {
    var bytes = Array(text.utf8)[...]
    func number() throws -> Int {
      let digits = bytes.prefix { $0 != UInt8(ascii: " ") }
      bytes = bytes.dropFirst(digits.count + 1)
      guard let number = Int(String(decoding: digits, as: UTF8.self)), number >= 0 else {
        throw ProcessError("another process is another program: what it says of itself cannot be read")
      }
      return number
    }
    var parts: [Part] = []
    while !bytes.isEmpty {
      let (name, value) = (try number(), try number())
      guard bytes.count >= name + value else {
        throw ProcessError("another process is another program: what it says of itself cannot be read")
      }
      parts.append(
        Part(
          String(decoding: bytes.prefix(name), as: UTF8.self),
          String(decoding: bytes.dropFirst(name).prefix(value), as: UTF8.self)))
      bytes = bytes.dropFirst(name + value)
    }
    self.parts = parts
  }
}
