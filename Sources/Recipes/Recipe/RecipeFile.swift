import CYaml
import Files
import Datasets
import Foundation
import GAN
import NN
import Settings
import Torch
import Yams

/// Recipes as YAML.
///
/// A file names only what differs from the recipe that its key `base` names (`mnist` where it names none). Keys that no
/// recipe has are refused, and so are values of the wrong kind, by name.
public enum RecipeFile {
  /// The most bytes that a recipe's file may have.
  public static let sizeLimit = 1 << 20

  /// - Throws: `FileError` naming the file, the line and the key, for one that cannot be read or is not a recipe.
  public static func read(_ url: URL) throws -> Recipe {
    try parse(readText(at: url, limit: sizeLimit), path: url.path)
  }

  /// The recipe whose text was read from `path`.
  ///
  /// - Throws: `FileError` as for ``read(_:)``.
  public static func parse(_ text: String, path: String) throws -> Recipe {
    do {
      return try parse(text)
    } catch let error as RecipeError {
      throw FileError(path: path, reason: error.description, at: .line(error.line ?? line(of: error.key, in: text)))
    }
  }

  /// What ``Recipe/validate()`` finds wrong with the recipe in the file at `url`, with the file's name and the line;
  /// nil where it finds nothing, or the file cannot be read.
  public static func fault(in url: URL) -> (error: RecipeError, asOfFile: FileError)? {
    (try? readText(at: url, limit: sizeLimit)).flatMap { fault(in: $0, path: url.path) }
  }

  /// The same of the recipe whose text was read from `path`.
  public static func fault(in text: String, path: String) -> (error: RecipeError, asOfFile: FileError)? {
    guard let recipe = try? parse(text) else { return nil }
    do {
      try recipe.validate()
      return nil
    } catch let error as RecipeError {
      let place = FileError.Place.line(line(of: error.key, in: text))
      return (error, FileError(path: path, reason: error.description, at: place))
    } catch {
      return nil
    }
  }

  /// Where `key`, a dotted path, stands in the text, or the last part of it that does; the first line where none does.
  private static func line(of key: String, in yaml: String) -> Int {
    guard var node = (try? Yams.compose(yaml: yaml)) ?? nil else { return 1 }
    var line = 1
    for part in key.split(separator: ".") {
      switch node {
      case .mapping(let pairs):
        guard let pair = pairs.first(where: { $0.key.string == String(part) }) else { return line }
        line = pair.key.mark?.line ?? line
        node = pair.value
      case .sequence(let items):
        guard let index = Int(part), items.indices.contains(index) else { return line }
        node = items[index]
        line = node.mark?.line ?? line
      default: return line
      }
    }
    return line
  }

  /// - Throws: ``RecipeError``.
  public static func parse(_ yaml: String) throws -> Recipe {
    guard case .mapping(var changes) = try tree(yaml) else {
      throw RecipeError(key: "", reason: "a recipe is a mapping of keys to values")
    }
    var base = Recipe.mnist
    if let index = changes.firstIndex(where: { $0.key == "base" }) {
      guard case .scalar(let node) = changes.remove(at: index).value, let named = Recipe.named(node.string) else {
        let names = Recipe.builtIn.map(\.name).joined(separator: ", ")
        throw RecipeError(key: "base", reason: "must be one of \(names)")
      }
      base = named
    }
    return try base.changed(by: .mapping(changes))
  }

  /// The recipe as YAML, every key written out.
  public static func text(_ recipe: Recipe) throws -> String {
    try Yams.serialize(node: try tree(YAMLEncoder().encode(recipe)).withPlainNumbers.node)
  }

  /// Every key, as a dotted path such as `generator.training.learningRate`, with what it holds as the file says it, in
  /// the order of the file. A list of values is one: `[32, 32]`.
  public static func settings(of recipe: Recipe) throws -> [(key: String, value: String)] {
    try tree(text(recipe)).leaves(below: [])
  }

  /// - Parameter path: the keys that what the text says is below of.
  fileprivate static func tree(_ yaml: String, path: [String] = [], orEmpty: Bool = false) throws -> Tree {
    try refuseWhatNoRecipeNeeds(yaml)
    do {
      guard let node = try Yams.compose(yaml: yaml) else {
        throw RecipeError(key: path.joined(separator: "."), reason: "is empty")
      }
      // A type without settings is coded as nothing at all.
      if orEmpty, node.mapping == nil { return .mapping([]) }
      return try Tree(node, path: path)
    } catch let error as YamlError {
      throw RecipeError(
        key: "", reason: "is not YAML: \(error)".split(whereSeparator: \.isNewline).joined(separator: " "),
        line: error.line)
    }
  }

  /// Aliases stand for what they name, so that a few lines can stand for more than any memory holds, and text that is
  /// nested deeply takes as deep a stack: both are refused before anything is made of the text.
  private static func refuseWhatNoRecipeNeeds(_ yaml: String) throws {
    let text = Array(yaml.utf8)
    var parser = yaml_parser_t()
    yaml_parser_initialize(&parser)
    defer { yaml_parser_delete(&parser) }
    try text.withUnsafeBufferPointer { bytes in
      yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
      var depth = 0
      while true {
        var event = yaml_event_t()
        // What is wrong with it otherwise is said when it is read.
        guard yaml_parser_parse(&parser, &event) == 1 else { return }
        defer { yaml_event_delete(&event) }
        var anchor: UnsafeMutablePointer<UInt8>?
        switch event.type {
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return
        case YAML_ALIAS_EVENT: anchor = event.data.alias.anchor
        case YAML_SCALAR_EVENT: anchor = event.data.scalar.anchor
        case YAML_SEQUENCE_START_EVENT: (anchor, depth) = (event.data.sequence_start.anchor, depth + 1)
        case YAML_MAPPING_START_EVENT: (anchor, depth) = (event.data.mapping_start.anchor, depth + 1)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: depth -= 1
        default: break
        }
        let line = Int(event.start_mark.line) + 1
        if let anchor {
          let name = String(cString: anchor)
          throw RecipeError(key: "", reason: "has the YAML anchor or alias '\(name)'; recipes have none", line: line)
        }
        guard depth <= 16 else { throw RecipeError(key: "", reason: "is nested deeper than any recipe", line: line) }
      }
    }
  }
}

extension YamlError {
  /// Where the text ceases to be YAML, from 1.
  fileprivate var line: Int? {
    switch self {
    case .reader(_, let offset, _, let yaml): 1 + yaml.prefix(offset ?? 0).count(where: \.isNewline)
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
    case .duplicatedKeysInMapping(_, let context): context.mark.line
    default: nil
    }
  }
}

extension Recipe {
  /// This recipe with one value replaced.
  ///
  /// - Parameter assignment: `key=value`, the key a dotted path such as `generator.training.learningRate`.
  /// - Throws: ``RecipeError`` for an unknown key or a value of the wrong kind; ranges are checked by ``validate()``.
  public func setting(_ assignment: String) throws -> Recipe {
    guard let equals = assignment.firstIndex(of: "=") else {
      throw RecipeError(key: assignment, reason: "has no value: write key=value")
    }
    let keys = assignment[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let value = try RecipeFile.tree(String(assignment[assignment.index(after: equals)...]), path: keys)
    return try changed(by: keys.reversed().reduce(value) { .mapping([($1, $0)]) })
  }

  fileprivate func changed(by changes: Tree) throws -> Recipe {
    let own = try RecipeFile.tree(RecipeFile.text(self))
    let tree = try own.choosing(by: changes).merged(with: changes, path: [])
    do {
      var recipe = try YAMLDecoder().decode(Recipe.self, from: Yams.serialize(node: tree.node))
      // Who says one of them has chosen.
      if changes["automatic"] == nil {
        recipe.automatic.removeAll { key in
          // A length is set by its unit as well.
          let path = key == .length ? ["duration"] : key.rawValue.split(separator: ".").map(String.init)
          return path.reduce(Optional(changes)) { $0?[$1] } != nil
        }
      }
      return recipe
    } catch let error as SettingsError {
      throw error
    } catch let error as DecodingError {
      throw RecipeError(error, in: tree)
    }
  }
}

/// YAML as far as recipes go: mappings with text for keys, sequences, scalars.
private enum Tree {
  case mapping([(key: String, value: Tree)])
  case sequence([Tree])
  case scalar(Node.Scalar)

  init(_ node: Node, path: [String]) throws {
    switch node {
    case .scalar(let scalar):
      let isText = path == ["name"] || path == ["summary"]
      if !isText, scalar.style == .plain, scalar.string.wholeMatch(of: /[-+]?(0[0-9_]+|[0-9_]+(:[0-9_.]+)+)/) != nil {
        throw RecipeError(
          key: path.joined(separator: "."),
          reason: "is \(scalar.string), which YAML 1.1 reads in base 8 or 60, and people in base 10: write it otherwise"
        )
      }
      self = .scalar(scalar)
    case .sequence(let items):
      self = .sequence(try items.enumerated().map { try Tree($1, path: path + ["\($0)"]) })
    case .mapping(let pairs):
      self = .mapping(
        try pairs.map { key, value in
          guard let name = key.string else {
            throw RecipeError(key: path.joined(separator: "."), reason: "has a key that is not text")
          }
          return (name, try Tree(value, path: path + [name]))
        })
    case .alias:
      throw RecipeError(key: path.joined(separator: "."), reason: "is a YAML alias; recipes have none")
    }
  }

  var node: Node {
    switch self {
    case .mapping(let pairs): Node(pairs.map { (Node($0.key), $0.value.node) })
    case .sequence(let items): Node(items.map(\.node))
    case .scalar(let scalar): .scalar(scalar)
    }
  }

  /// With 0.9 where Yams writes 9e-1.
  var withPlainNumbers: Tree {
    switch self {
    case .mapping(let pairs): return .mapping(pairs.map { ($0.key, $0.value.withPlainNumbers) })
    case .sequence(let items): return .sequence(items.map(\.withPlainNumbers))
    case .scalar(var scalar):
      // Text that looks like a number is quoted, and stays what it is.
      let isQuoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
      if !isQuoted, scalar.string.contains("e"), let number = Double(scalar.string) { scalar.string = "\(number)" }
      return .scalar(scalar)
    }
  }

  /// This recipe with the kinds that `changes` choose where a recipe has a choice: with that kind's keys in the place
  /// of those of the kind before it.
  fileprivate func choosing(by changes: Tree) throws -> Tree {
    try choosing(GeneratorFamily.self, at: "generator", by: changes)
      .choosing(DiscriminatorFamily.self, at: "discriminator", by: changes)
      .choosing(DataFamily.self, at: "data", by: changes)
      .choosing(ObjectiveFamily.self, at: "objective", by: changes)
  }

  private func choosing<Family: ChoiceFamily>(_: Family.Type, at key: String, by changes: Tree) throws -> Tree {
    guard case .mapping(var pairs) = self, let index = pairs.firstIndex(where: { $0.key == key }),
      case .mapping(let own) = pairs[index].value, case .scalar(let chosen)? = changes[key]?[Family.tag]
    else { return self }
    guard let new = Family.kind(named: chosen.string) else {
      throw RecipeError(key: "\(key).\(Family.tag)", reason: unknownKind(chosen.string, of: Family.self))
    }
    guard case .scalar(let before)? = pairs[index].value[Family.tag], before.string != chosen.string,
      let old = Family.kind(named: before.string),
      case .mapping(let newKeys) = try Self.settings(of: new), case .mapping(let oldKeys) = try Self.settings(of: old)
    else { return self }
    let isOfOld = { (name: String) in oldKeys.contains { $0.key == name } }
    let kept = Family.keepsSharedKeys ? own.filter { isOfOld($0.key) } : []
    let settings = newKeys.map { pair in kept.first { $0.key == pair.key } ?? pair }
    let others = own.filter { !isOfOld($0.key) && $0.key != Family.tag }
    pairs[index].value = .mapping([(Family.tag, .scalar(chosen))] + settings + others)
    return .mapping(pairs)
  }

  /// The keys of a kind with what they hold where nothing is said.
  private static func settings(of kind: any Choice.Type) throws -> Tree {
    try RecipeFile.tree(YAMLEncoder().encode(kind.init()), orEmpty: true)
  }

  /// The scalar at a path, as it is written; nil where there is none.
  fileprivate func scalar(at path: ArraySlice<String>) -> String? {
    switch self {
    case .scalar(let scalar): path.isEmpty ? scalar.string : nil
    case .mapping: path.first.flatMap { self[$0] }?.scalar(at: path.dropFirst())
    case .sequence(let items):
      path.first.flatMap { Int($0) }.flatMap { items.indices.contains($0) ? items[$0] : nil }?.scalar(
        at: path.dropFirst())
    }
  }

  fileprivate func leaves(below path: [String]) -> [(key: String, value: String)] {
    switch self {
    case .mapping(let pairs): return pairs.flatMap { $0.value.leaves(below: path + [$0.key]) }
    case .scalar(let scalar): return [(path.joined(separator: "."), scalar.string)]
    case .sequence(let items):
      return [(path.joined(separator: "."), "[\(items.map(\.flat).joined(separator: ", "))]")]
    }
  }

  /// In one line, braces around keys.
  private var flat: String {
    switch self {
    case .mapping(let pairs): "{\(pairs.map { "\($0.key): \($0.value.flat)" }.joined(separator: ", "))}"
    case .scalar(let scalar): scalar.string
    case .sequence(let items): "[\(items.map(\.flat).joined(separator: ", "))]"
    }
  }

  /// With `text` for the scalar at a path.
  fileprivate func replacing(_ path: ArraySlice<String>, by text: String) -> Tree {
    guard let key = path.first else { return .scalar(Node.Scalar(text)) }
    switch self {
    case .scalar: return self
    case .mapping(let pairs):
      return .mapping(pairs.map { ($0.key, $0.key == key ? $0.value.replacing(path.dropFirst(), by: text) : $0.value) })
    case .sequence(let items):
      return .sequence(
        items.enumerated().map { "\($0)" == key ? $1.replacing(path.dropFirst(), by: text) : $1 })
    }
  }

  fileprivate subscript(key: String) -> Tree? {
    guard case .mapping(let pairs) = self else { return nil }
    return pairs.first { $0.key == key }?.value
  }

  /// These values, with those of `changes` in their place; every key of `changes` must be here already.
  func merged(with changes: Tree, path: [String]) throws -> Tree {
    guard case .mapping(var pairs) = self else {
      if case .mapping(let inner) = changes {
        throw RecipeError(
          key: (path + [inner.first?.key ?? ""]).joined(separator: "."),
          reason: "is unknown: '\(path.joined(separator: "."))' has no keys below it")
      }
      return changes
    }
    guard case .mapping(let replacements) = changes else {
      throw RecipeError(
        key: path.joined(separator: "."), reason: "must have keys below it: \(pairs.map(\.key).joined(separator: ", "))"
      )
    }
    for (key, value) in replacements {
      guard let index = pairs.firstIndex(where: { $0.key == key }) else {
        throw RecipeError(
          key: (path + [key]).joined(separator: "."),
          reason: "is unknown; known here: \(pairs.map(\.key).joined(separator: ", "))")
      }
      pairs[index].value = try pairs[index].value.merged(with: value, path: path + [key])
    }
    return .mapping(pairs)
  }
}

extension RecipeError {
  /// What a decoder says of a recipe, in the words of recipes.
  fileprivate init(_ error: DecodingError, in tree: Tree) {
    let context: DecodingError.Context
    var expected = "has a value of the wrong kind"
    switch error {
    case .typeMismatch(let type, let inner), .valueNotFound(let type, let inner):
      (context, expected) = (inner, "must be \(Self.words(for: type))")
    case .dataCorrupted(let inner): context = inner
    case .keyNotFound(let key, let inner):
      let path = (inner.codingPath + [key]).map(Self.name).joined(separator: ".")
      self.init(key: path, reason: "is missing")
      return
    @unknown default: context = DecodingError.Context(codingPath: [], debugDescription: "\(error)")
    }
    let path = context.codingPath.map(Self.name)
    let value = tree.scalar(at: path[...])
    // "Cannot initialize Unit from invalid String value hours"
    if let match = context.debugDescription.firstMatch(of: /Cannot initialize (\w+) from invalid/) {
      let allowed = Self.allowed(String(match.1), in: tree, at: path)
      expected = allowed.isEmpty ? "has no such value" : "must be \(allowed.joined(separator: ", "))"
    }
    var reason = expected + (value.map { ", is '\($0)'" } ?? "")
    if let value, value.wholeMatch(of: /[-+]?[0-9]+,[0-9]+/) != nil {
      reason += ": a point comes before the fraction, \(value.replacingOccurrences(of: ",", with: "."))"
    }
    self.init(key: path.joined(separator: "."), reason: reason)
  }

  private static func name(_ key: any CodingKey) -> String { key.intValue.map(String.init) ?? key.stringValue }

  private static func words(for type: any Any.Type) -> String {
    switch type {
    case is Bool.Type: "true or false"
    case is UInt64.Type, is UInt.Type, is UInt8.Type: "a whole number, 0 or more"
    case is any FixedWidthInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    case is String.Type: "text"
    case is [Int].Type: "a list of whole numbers, such as [500, 500]"
    case is [Double].Type: "a list of numbers"
    case is any Collection.Type: "a list, such as [a, b]"
    default: "a mapping of keys to values"
    }
  }

  /// The values that a recipe may have at `path`: of all enumerations of that name those that can be read there.
  private static func allowed(_ name: String, in tree: Tree, at path: [String]) -> [String] {
    // Several have the same name; what two of them say is said once.
    var known: Set<String> = []
    let values = enumerations.filter { $0.name == name }.flatMap(\.values).filter { known.insert($0).inserted }
    return values.filter { value in
      guard let text = try? Yams.serialize(node: tree.replacing(path[...], by: value).node) else { return false }
      do {
        _ = try YAMLDecoder().decode(Recipe.self, from: text)
        return true
      } catch let DecodingError.dataCorrupted(context) {
        return context.codingPath.map(Self.name) != path
      } catch {
        return true
      }
    }
  }

  /// Those of a recipe's own parts, and those of its kinds of data, networks, objectives and techniques.
  private static let enumerations: [SettingsKey.Enumeration] =
    [
      .init(Recipe.Noise.Kind.self), .init(Recipe.Training.Rule.self), .init(Recipe.Duration.Unit.self),
      .init(Recipe.Products.self), .init(Adam.EpsilonPlace.self), .init(AverageStart.self), .init(Updates.self),
    ] + KeyFamily.keys.compactMap(\.key.values)
}
