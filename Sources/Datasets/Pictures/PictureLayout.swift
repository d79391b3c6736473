/// What the folders that pictures lie in say about them.
///
/// The folders of the first level are classes. That level may lie one or more folders further down, where each folder
/// on the way holds nothing but the next one; and it may be divided into `train` and `test` (or `val`) first.
struct PictureLayout {
  /// Of each picture, by its place in the given names.
  var labels: [Int?]
  /// In the order of their code points; nil where there are no classes.
  var classNames: [String]?
  /// Which part of a divided set each picture belongs to; nil where it is not divided.
  var splits: [Split?]?
  /// Pictures that have no place in it, and why.
  var dropped: [Int: String] = [:]
  var notes: [String] = []

  private static let trainNames: Set = ["train", "training"]
  private static let testNames: Set = ["test", "testing", "val", "valid", "validation"]

  /// - Parameters:
  ///   - names: of pictures, relative to the source.
  ///   - mayDrop: whether a few pictures beside the folders of classes are left out; otherwise there are no classes
  ///     then.
  init(_ names: [String], classes: Bool, mayDrop: Bool) {
    let parts = names.map { $0.split(separator: "/").map(String.init) }
    labels = Array(repeating: nil, count: names.count)
    var depth = 0
    func level(_ depth: Int) -> (top: [Int], folders: Set<String>) {
      var (top, folders): ([Int], Set<String>) = ([], [])
      for (index, part) in parts.enumerated() {
        if part.count > depth + 1 { folders.insert(part[depth]) } else { top.append(index) }
      }
      return (top, folders)
    }
    while true {
      let (top, folders) = level(depth)
      guard top.isEmpty, folders.count == 1, parts.contains(where: { $0.count > depth + 2 }) else { break }
      depth += 1
    }
    let passed = depth
    let (top, folders) = level(depth)
    let lower = Set(folders.map { $0.lowercased() })
    if top.isEmpty, !lower.isDisjoint(with: Self.trainNames), lower.isSubset(of: Self.trainNames.union(Self.testNames))
    {
      // Where there are several for tests, that which is called so.
      let tests = ["test", "testing", "val", "valid", "validation"].first(where: lower.contains)
      splits = parts.map { part in
        let name = part[depth].lowercased()
        return Self.trainNames.contains(name) ? .train : name == tests ? .test : nil
      }
      notes.append("The folders \(folders.sorted().joined(separator: ", ")) divide it.")
      depth += 1
    }
    guard classes else { return }
    assignClasses(parts, level(depth), depth, mayDrop: mayDrop)
    if passed > 0, classNames != nil {
      notes.append(
        "The folders of classes lie further down, in '\(parts[0][0..<passed].joined(separator: "/"))': those are taken."
      )
    }
  }

  private mutating func assignClasses(
    _ parts: [[String]], _ level: (top: [Int], folders: Set<String>), _ depth: Int, mayDrop: Bool
  ) {
    // Of Unicode's orders, that of code points: it depends on no language, and is Python's.
    let folders = level.folders.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    if folders.count == 1, level.top.isEmpty {
      notes.append("All pictures lie in one folder, '\(folders[0])': one class is none.")
    }
    guard folders.count > 1 else { return }
    let (beside, within) = (level.top.count, parts.count - level.top.count)
    if beside > 0 {
      guard mayDrop, beside < within else {
        notes.append(
          """
          \(beside) pictures lie beside the \(folders.count) folders and \(within) in them: the folders are not taken \
          for classes.
          """)
        return
      }
      for index in level.top { dropped[index] = "lies beside the folders of classes" }
    }
    let numbers = Dictionary(uniqueKeysWithValues: folders.enumerated().map { ($1, $0) })
    for (index, part) in parts.enumerated() where part.count > depth + 1 { labels[index] = numbers[part[depth]] }
    classNames = folders
  }
}
