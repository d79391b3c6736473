/// What the header of a safetensors file says under one name.
enum SafetensorsEntry: Codable {
  case tensor(kind: String, shape: [Int], begin: Int, end: Int)
  case metadata([String: String])

  private enum Key: String, CodingKey {
    case kind = "dtype"
    case shape
    case offsets = "data_offsets"
  }

  init(from decoder: Decoder) throws {
    guard decoder.codingPath.last?.stringValue != "__metadata__" else {
      self = .metadata(try [String: String](from: decoder))
      return
    }
    let container = try decoder.container(keyedBy: Key.self)
    let offsets = try container.decode([Int].self, forKey: .offsets)
    guard offsets.count == 2 else {
      throw DecodingError.dataCorruptedError(forKey: .offsets, in: container, debugDescription: "not a pair")
    }
    self = .tensor(
      kind: try container.decode(String.self, forKey: .kind), shape: try container.decode([Int].self, forKey: .shape),
      begin: offsets[0], end: offsets[1])
  }

  func encode(to encoder: Encoder) throws {
    switch self {
    case .metadata(let text):
      try text.encode(to: encoder)
    case .tensor(let kind, let shape, let begin, let end):
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(kind, forKey: .kind)
      try container.encode(shape, forKey: .shape)
      try container.encode([begin, end], forKey: .offsets)
    }
  }
}
