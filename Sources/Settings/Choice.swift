/// One kind of something that a recipe chooses by name: a network, a source of data, an objective. The value holds that
/// kind's own settings, and its coding keys are the keys of the recipe.
public protocol Choice: Codable, Hashable, Sendable {
  /// The name that chooses it, such as `dense`.
  static var kind: String { get }
  /// Its settings, each with what it does.
  static var keys: [SettingsKey] { get }
  /// The settings where a recipe says no more than the name.
  init()
}

extension Choice {
  fileprivate func equals(_ other: any Choice) -> Bool { (other as? Self) == self }
}

/// All kinds of one thing, and the key under which a recipe names one.
public protocol ChoiceFamily: Sendable {
  /// What every kind can do: `any` of a protocol that refines ``Choice``.
  associatedtype Member
  /// The key that holds the name, such as `network`.
  static var tag: String { get }
  /// In the order in which they are listed; the first is meant where a recipe names none.
  static var kinds: [any Choice.Type] { get }
  /// Whether keys that two kinds share keep their values when one takes the place of the other.
  static var keepsSharedKeys: Bool { get }
}

extension ChoiceFamily {
  public static var keepsSharedKeys: Bool { false }

  /// The kind of that name.
  public static func kind(named name: String) -> (any Choice.Type)? { kinds.first { $0.kind == name } }
}

/// A kind with its settings, written beside the tag that names it:
///
///     network: dense
///     hidden: [500, 500]
///
/// It is coded into the keys of whatever holds it, among that one's own.
public struct Chosen<Family: ChoiceFamily>: Codable, Hashable, Sendable {
  private var choice: any Choice

  /// - Precondition: `settings` is of one of the family's ``ChoiceFamily/kinds``. A type that is in no list is a
  ///   mistake in a program, not in its data, and ends it.
  public init<Kind: Choice>(_ settings: Kind) {
    precondition(Family.kinds.contains { $0 == Kind.self }, "\(Kind.kind) is in the list of its family")
    choice = settings
  }

  /// The same for settings of a kind that is not known here.
  public init(any settings: any Choice) {
    func made<Kind: Choice>(_ settings: Kind) -> Chosen { Chosen(settings) }
    self = made(settings)
  }

  /// The settings, as what all kinds of the family are.
  public var settings: Family.Member { choice as! Family.Member }

  /// The name of the kind.
  public var kind: String { type(of: choice).kind }

  /// The settings where they are of that kind; setting them chooses it, and nil changes nothing.
  public subscript<Kind: Choice>(_: Kind.Type) -> Kind? {
    get { choice as? Kind }
    set { if let newValue { self = Chosen(newValue) } }
  }

  public static func == (a: Chosen, b: Chosen) -> Bool { a.choice.equals(b.choice) }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    choice.hash(into: &hasher)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    let name = try container.decodeIfPresent(String.self, forKey: AnyKey(Family.tag)) ?? Family.kinds[0].kind
    guard let kind = Family.kind(named: name) else {
      throw SettingsError(
        key: (decoder.codingPath.map(\.stringValue) + [Family.tag]).joined(separator: "."),
        reason: unknownKind(name, of: Family.self))
    }
    choice = try kind.init(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    try container.encode(kind, forKey: AnyKey(Family.tag))
    try choice.encode(to: encoder)
  }
}

/// Such as "must be one of dense, dcgan, is 'dens'".
public func unknownKind(_ name: String, of family: any ChoiceFamily.Type) -> String {
  "must be one of \(family.kinds.map { $0.kind }.joined(separator: ", ")), is '\(name)'"
}

/// A coding key that is any text.
public struct AnyKey: CodingKey {
  public let stringValue: String
  public var intValue: Int? { nil }
  /// The key of that name.
  public init(_ name: String) { stringValue = name }
  public init?(stringValue: String) { self.stringValue = stringValue }
  public init?(intValue: Int) { nil }
}
