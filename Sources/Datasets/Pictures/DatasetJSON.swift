import Foundation

/// The file `dataset.json` of stylegan's data sets: `{"labels": [["00000/img00000000.png", 6], ...]}`, or null for
/// labels; beside it, in ours, the names of the classes.
struct DatasetJSON {
  static let name = "dataset.json"

  /// By the file's name; nil where there are no labels.
  var labels: [String: Int]?
  var classNames: [String]?
  var notes: [String] = []

  struct Failure: Error {
    let reason: String
  }

  init(labels: [String: Int]?, classNames: [String]?) {
    self.labels = labels
    self.classNames = classNames
  }

  init(_ data: Data) throws(Failure) {
    guard let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
      throw Failure(reason: "is not JSON with an object in it")
    }
    guard let given = object["labels"], !(given is NSNull) else { return }
    guard let pairs = given as? [Any] else { throw Failure(reason: "has 'labels' that are no list") }
    var labels: [String: Int] = [:]
    var missing = 0
    for (index, pair) in pairs.enumerated() {
      guard let pair = pair as? [Any], pair.count == 2, let name = pair[0] as? String else {
        throw Failure(reason: "has a label (number \(index)) that is no pair of name and class")
      }
      if pair[1] is NSNull {
        missing += 1
        continue
      }
      // A class may also stand as a vector with a single one in it.
      let number: Double?
      if let vector = pair[1] as? [Double], vector.count(where: { $0 == 1 }) == 1,
        vector.allSatisfy({ $0 == 0 || $0 == 1 })
      {
        number = Double(vector.firstIndex(of: 1)!)
      } else {
        number = pair[1] as? Double
      }
      guard let number, number >= 0, number < 1_000_000, number == number.rounded() else {
        throw Failure(reason: "has a label of '\(name)' that is no class: whole numbers from 0 are")
      }
      labels[name] = Int(number)
    }
    if missing > 0 { notes.append("dataset.json gives \(missing) pictures no class.") }
    guard !labels.isEmpty else { return }
    self.labels = labels
    let classes = labels.values.max()! + 1
    if let names = object["classes"] as? [String], names.count >= classes, Set(names).count == names.count {
      classNames = names
    }
  }

  /// The file's bytes, for pictures in the order of their names.
  func encoded(_ names: [String]) throws -> Data {
    var object: [String: Any] = ["labels": NSNull()]
    if let labels { object["labels"] = names.map { [$0, labels[$0]!] as [Any] } }
    if labels != nil, let classNames { object["classes"] = classNames }
    return try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
  }
}
