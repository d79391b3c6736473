import Datasets
import GAN
import Settings

/// A part of a recipe whose keys are those of the kind that is chosen there, and say themselves what they do.
struct KeyFamily {
  /// What its keys are below of, such as `generator`.
  let path: String
  /// The key that names the kind, such as `network`.
  let tag: String
  /// In the order in which they are listed.
  let kinds: [any Choice.Type]
  /// Puts a kind, with what it has where nothing is said, into a recipe.
  let choose: @Sendable (any Choice.Type, inout Recipe) -> Void

  static let all = [
    KeyFamily(path: "data", tag: DataFamily.tag, kinds: DataFamily.kinds) { $1.data = Chosen(any: $0.init()) },
    KeyFamily(path: "generator", tag: GeneratorFamily.tag, kinds: GeneratorFamily.kinds) {
      $1.generator.network = Chosen(any: $0.init())
    },
    KeyFamily(path: "discriminator", tag: DiscriminatorFamily.tag, kinds: DiscriminatorFamily.kinds) {
      $1.discriminator.network = Chosen(any: $0.init())
    },
    KeyFamily(path: "objective", tag: ObjectiveFamily.tag, kinds: ObjectiveFamily.kinds) {
      $1.objective = Chosen(any: $0.init())
    },
  ]

  /// Every key that a kind or a technique has, where it stands in a recipe, and whose it is.
  static let keys: [(path: String, key: SettingsKey, kind: String)] =
    all.flatMap { family in
      family.kinds.flatMap { kind in kind.keys.map { ("\(family.path).\($0.name)", $0, kind.kind) } }
    }
    + TechniqueSet.kinds.flatMap { kind in kind.keys.map { ("\(kind.key).\($0.name)", $0, kind.key) } }

  /// What each of them does; where kinds differ, in each.
  static let meanings: [String: String] = {
    let byPath = Dictionary(grouping: keys, by: \.path)
    return byPath.mapValues { said(by: $0) { $0.meaning } ?? "" }
  }()

  /// The values of an enumeration; where kinds differ, in each. Nil for a key of another kind.
  static func values(of path: String) -> String? {
    said(by: keys.filter { $0.path == path }) { key in
      key.values.map { (key.isList ? "a list of " : "") + $0.values.joined(separator: ", ") }
    }
  }

  /// What the kinds say: once if it is the same for all, else each with the kinds that say it.
  private static func said(
    by keys: [(path: String, key: SettingsKey, kind: String)], _ text: (SettingsKey) -> String?
  ) -> String? {
    var said: [(text: String, kinds: [String])] = []
    for entry in keys {
      guard let text = text(entry.key) else { continue }
      if let index = said.firstIndex(where: { $0.text == text }) {
        said[index].kinds.append(entry.kind)
      } else {
        said.append((text, [entry.kind]))
      }
    }
    if said.count < 2 { return said.first?.text }
    return said.map { "\($0.text) (\($0.kinds.joined(separator: ", ")))" }.joined(separator: "; ")
  }
}
