/// A key of settings, for the page of all keys and for whoever misspells a value. It stands with the settings
/// themselves, so that a further kind of them is named nowhere else.
public struct SettingsKey: Hashable, Sendable {
  /// As a recipe has it, without what it is below of.
  public let name: String
  /// What it does, in a few words.
  public let meaning: String
  /// The values that it can have, or those of a list; nil where they are no enumeration's.
  public let values: Enumeration?
  /// Whether it is a list of them.
  public let isList: Bool

  /// The values of an enumeration, as a recipe has them.
  public struct Enumeration: Hashable, Sendable {
    /// In Swift, without what it is declared in: a decoder's error names it so.
    public let name: String
    /// In the order in which they are declared.
    public let values: [String]

    /// All of a type.
    public init<Value: CaseIterable & RawRepresentable<String>>(_: Value.Type) {
      name = "\(Value.self)"
      values = Value.allCases.map(\.rawValue)
    }
  }

  /// A number, a list, a text or a switch.
  public init(_ name: String, _ meaning: String) {
    self.name = name
    self.meaning = meaning
    values = nil
    isList = false
  }

  /// A value of an enumeration.
  public init<Value: CaseIterable & RawRepresentable<String>>(_ name: String, _ meaning: String, of: Value.Type) {
    self.name = name
    self.meaning = meaning
    values = Enumeration(of)
    isList = false
  }

  /// A list of values of an enumeration.
  public init<Value: CaseIterable & RawRepresentable<String>>(
    _ name: String, _ meaning: String, listOf: Value.Type
  ) {
    self.name = name
    self.meaning = meaning
    values = Enumeration(listOf)
    isList = true
  }
}
