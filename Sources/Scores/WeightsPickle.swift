import Files
import Foundation

/// A reader of the pickles in which `torch.save` describes a dictionary of tensors, which runs nothing: it knows the
/// opcodes that such pickles are written with, and of functions those by which tensors are rebuilt, which are data to
/// it. Everything else is refused by its name. Source of the opcodes: Python's `pickletools`; of the tensors' form:
/// `torch/serialization.py` and `torch/_utils.py`.
struct WeightsPickle {
  /// Numbers that tensors are views of.
  struct Storage {
    enum Kind: String {
      case float64 = "torch DoubleStorage"
      case float32 = "torch FloatStorage"
      case float16 = "torch HalfStorage"
      case bfloat16 = "torch BFloat16Storage"
      case int64 = "torch LongStorage"
      case int32 = "torch IntStorage"
      case int16 = "torch ShortStorage"
      case int8 = "torch CharStorage"
      case uint8 = "torch ByteStorage"
      case bool = "torch BoolStorage"

      /// Bytes of a number.
      var width: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
      }
      var isReal: Bool { [.float64, .float32, .float16, .bfloat16].contains(self) }

      /// Of one of the real kinds.
      func value(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Float {
        func word<Word: FixedWidthInteger>(_: Word.Type) -> Word {
          Word(littleEndian: bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self))
        }
        return switch self {
        case .float64: Float(Double(bitPattern: word(UInt64.self)))
        case .bfloat16: Float(bitPattern: UInt32(word(UInt16.self)) << 16)
        case .float16: Self.half(word(UInt16.self))
        default: Float(bitPattern: word(UInt32.self))
        }
      }

      private static func half(_ word: UInt16) -> Float {
        let (sign, exponent, fraction) = (Float(word >> 15 == 0 ? 1 : -1), Int(word >> 10 & 31), Float(word & 1023))
        if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
        return exponent == 0
          ? sign * fraction * 0x1p-24
          : sign * (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
      }
    }
    let type: Kind
    let key: String
    /// Numbers in it.
    let count: Int
  }

  /// Which numbers of a storage a tensor consists of.
  struct TensorPlan {
    let storage: Storage
    let offset: Int
    let shape: [Int]
    let strides: [Int]

    /// The element of the storage that comes last; nil where there is none.
    var lastElement: Int? {
      guard shape.allSatisfy({ $0 > 0 }) else { return nil }
      var last = offset
      for (size, stride) in zip(shape, strides) {
        let (product, overflows) = (size - 1).multipliedReportingOverflow(by: stride)
        let (sum, exceeds) = last.addingReportingOverflow(product)
        guard !overflows, !exceeds else { return .max }
        last = sum
      }
      return last
    }
  }

  final class Entries {
    var items: [(String, Value)] = []
  }

  indirect enum Value {
    case none
    case bool(Bool)
    case int(Int)
    /// A number of more than eight bytes, the lowest first.
    case large([UInt8])
    case string(String)
    case tuple([Value])
    case list([Value])
    case dictionary(Entries)
    case global(String)
    case storage(Storage)
    case tensor(TensorPlan)
    case mark
    /// What a list that is being filled is known as in the memo.
    case pending(Int)

    var kind: String {
      switch self {
      case .none: "nothing (None)"
      case .bool: "a truth value"
      case .int, .large: "a number"
      case .string: "a string"
      case .tuple: "a tuple"
      case .list, .pending: "a list"
      case .dictionary: "a dictionary"
      case .global(let name): "the name \(name)"
      case .storage: "a storage"
      case .tensor: "a tensor"
      case .mark: "a mark"
      }
    }
  }

  private static let functions: Set = [
    "collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter",
  ]

  private let data: Data
  private let path: String
  private let member: String?
  /// Of the next byte.
  private(set) var position = 0
  private var stack: [Value] = []
  private var memo: [Int: Value] = [:]
  private var lists: [[Value]] = []
  private var valuesLeft = 1 << 20

  /// - Parameter member: the pickle's name where it is in an archive.
  init(_ data: Data, path: String, member: String?) {
    self.data = data
    self.path = path
    self.member = member
  }

  private func fail(_ reason: String, at offset: Int? = nil) -> FileError {
    let offset = offset ?? position
    return FileError(path: path, reason: reason, at: member.map { .memberByte(offset, of: $0) } ?? .byte(offset))
  }

  /// The next pickle, which must be a dictionary from names to tensors, dictionaries within it joined by points.
  mutating func dictionary() throws(FileError) -> [(String, TensorPlan)] {
    guard case .dictionary(let entries) = try value() else {
      throw fail("holds no dictionary of tensors: only files of weights (state_dict) are read")
    }
    var tensors: [(String, TensorPlan)] = []
    for (name, value) in entries.items {
      guard case .tensor(let plan) = value else {
        throw fail("holds \(value.kind) as '\(name)', beside tensors: only dictionaries of tensors are read")
      }
      tensors.append((name, plan))
    }
    return tensors
  }

  // MARK: Bytes

  private mutating func take(_ count: Int) throws(FileError) -> Data {
    guard count >= 0, data.count - position >= count else {
      throw fail("is cut short: it ends within its pickle", at: data.count)
    }
    defer { position += count }
    return data[data.startIndex + position..<data.startIndex + position + count]
  }

  private mutating func number(_ bytes: Int) throws(FileError) -> Int {
    let value = try take(bytes).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard value <= UInt64(Int32.max) || bytes < 8 else { throw fail("announces \(value) bytes, more than it has") }
    return Int(value)
  }

  private mutating func text(_ count: Int) throws(FileError) -> String {
    let bytes = try take(count)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw fail("has a string that is not UTF-8") }
    return text
  }

  private mutating func line() throws(FileError) -> String {
    var bytes: [UInt8] = []
    while true {
      let byte = try take(1).first!
      if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
      guard bytes.count < 256 else { throw fail("has a name of more than 255 bytes") }
    }
  }

  // MARK: The stack

  private mutating func push(_ value: Value) throws(FileError) {
    valuesLeft -= 1
    guard valuesLeft > 0 else { throw fail("is a pickle of more values than weights have") }
    stack.append(value)
  }

  private mutating func pop() throws(FileError) -> Value {
    guard let value = stack.popLast() else { throw fail("is not a sound pickle: a value is missing") }
    if case .mark = value { throw fail("is not a sound pickle: a value is missing") }
    return value
  }

  private mutating func popToMark() throws(FileError) -> [Value] {
    guard let mark = stack.lastIndex(where: { if case .mark = $0 { true } else { false } }) else {
      throw fail("is not a sound pickle: a mark is missing")
    }
    let items = Array(stack[(mark + 1)...])
    stack.removeSubrange(mark...)
    return items
  }

  private mutating func pushTuple(_ items: [Value]) throws(FileError) {
    guard items.count <= 64 else { throw fail("has a tuple of \(items.count) values") }
    for item in items {
      // Shapes and hooks are what is nested; nothing of them is nested again.
      if case .tuple(let inner) = item, inner.contains(where: { if case .tuple = $0 { true } else { false } }) {
        throw fail("has tuples within tuples within a tuple")
      }
    }
    try push(.tuple(items))
  }

  private mutating func setItems(_ items: [Value]) throws(FileError) {
    guard case .dictionary(let entries) = stack.last else { throw fail("sets an entry of something without any") }
    guard items.count % 2 == 0 else { throw fail("is not a sound pickle: a key has no value") }
    for index in stride(from: 0, to: items.count, by: 2) {
      guard case .string(let key) = items[index] else { throw fail("has an entry whose key is \(items[index].kind)") }
      entries.items.append((key, items[index + 1]))
    }
  }

  private mutating func append(_ items: [Value]) throws(FileError) {
    guard case .pending(let index) = stack.last else { throw fail("adds to something that is not a list") }
    for item in items {
      guard case .string = item else { throw fail("has \(item.kind) in a list") }
    }
    lists[index] += items
  }

  private mutating func persistent() throws(FileError) {
    guard case .tuple(let values) = try pop(), values.count >= 5, case .string("storage") = values[0],
      case .global(let type) = values[1], let kind = Storage.Kind(rawValue: type), case .string(let key) = values[2],
      case .string = values[3], case .int(let count) = values[4], count >= 0
    else { throw fail("refers to something outside of it that is no storage of numbers") }
    if values.count > 5 {
      guard values.count == 6, case .none = values[5] else { throw fail("has a storage that is a part of another") }
    }
    try push(.storage(Storage(type: kind, key: key, count: count)))
  }

  private mutating func integers(_ value: Value) throws(FileError) -> [Int] {
    guard case .tuple(let values) = value else { throw fail("has a tensor whose shape is \(value.kind)") }
    var integers: [Int] = []
    for value in values {
      guard case .int(let number) = value, number >= 0 else { throw fail("has a tensor of a shape that is none") }
      integers.append(number)
    }
    return integers
  }

  private mutating func call() throws(FileError) {
    let arguments = try pop()
    guard case .global(let name) = try pop(), case .tuple(let values) = arguments else {
      throw fail("is not a sound pickle: it calls something that is no function")
    }
    switch name {
    case "collections OrderedDict":
      guard values.isEmpty else { throw fail("makes a dictionary in a way that is not known") }
      try push(.dictionary(Entries()))
    case "torch._utils _rebuild_tensor_v2":
      guard values.count >= 4, case .storage(let storage) = values[0], case .int(let offset) = values[1] else {
        throw fail("has a tensor in a form that is not known")
      }
      let (shape, strides) = (try integers(values[2]), try integers(values[3]))
      var count = 1
      for size in shape {
        let (product, overflows) = count.multipliedReportingOverflow(by: size)
        guard !overflows, product <= 1 << 34 else { throw fail("has a tensor of shape \(shape), larger than any file") }
        count = product
      }
      guard shape.count == strides.count, count <= storage.count else {
        throw fail("has a tensor of shape \(shape) in a storage of \(storage.count) numbers")
      }
      try push(.tensor(TensorPlan(storage: storage, offset: offset, shape: shape, strides: strides)))
    case "torch._utils _rebuild_parameter":
      guard let first = values.first, case .tensor = first else { throw fail("has a parameter that is no tensor") }
      try push(first)
    default: throw fail("calls \(name.replacingOccurrences(of: " ", with: "."))")
    }
  }

  // MARK: The machine

  /// The next pickle.
  mutating func value() throws(FileError) -> Value {
    stack = []
    memo = [:]
    lists = []
    guard try take(1).first == 0x80 else { throw fail("is not a pickle of torch.save", at: position - 1) }
    let version = try take(1).first!
    guard (2...5).contains(version) else { throw fail("is a pickle of protocol \(version); 2 to 5 are read") }
    while true {
      let here = position
      let opcode = try take(1).first!
      switch opcode {
      case UInt8(ascii: "."):
        let value = try pop()
        guard stack.isEmpty else { throw fail("is not a sound pickle: values are left over") }
        if case .pending(let index) = value { return .list(lists[index]) }
        return value
      case UInt8(ascii: "("): try push(.mark)
      case UInt8(ascii: "N"): try push(.none)
      case 0x88: try push(.bool(true))
      case 0x89: try push(.bool(false))
      case UInt8(ascii: "K"): try push(.int(number(1)))
      case UInt8(ascii: "M"): try push(.int(number(2)))
      case UInt8(ascii: "J"): try push(.int(Int(Int32(truncatingIfNeeded: number(4)))))
      case 0x8a:
        let bytes = try take(number(1))
        if bytes.count > 8 {
          try push(.large(Array(bytes)))
        } else {
          var value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
          if let last = bytes.last, last >= 0x80, bytes.count < 8 { value |= UInt64.max << UInt64(8 * bytes.count) }
          try push(.int(Int(Int64(bitPattern: value))))
        }
      case UInt8(ascii: "X"): try push(.string(text(number(4))))
      case UInt8(ascii: "U"), 0x8c: try push(.string(text(number(1))))
      case UInt8(ascii: "T"): try push(.string(text(number(4))))
      case 0x8d: try push(.string(text(number(8))))
      case UInt8(ascii: "]"):
        lists.append([])
        try push(.pending(lists.count - 1))
      case UInt8(ascii: "}"): try push(.dictionary(Entries()))
      case UInt8(ascii: ")"): try pushTuple([])
      case 0x85: try pushTuple([pop()])
      case 0x86: try pushTuple([pop(), pop()].reversed())
      case 0x87: try pushTuple([pop(), pop(), pop()].reversed())
      case UInt8(ascii: "t"): try pushTuple(popToMark())
      case UInt8(ascii: "a"): try append([pop()])
      case UInt8(ascii: "e"): try append(popToMark())
      case UInt8(ascii: "s"): try setItems([pop(), pop()].reversed())
      case UInt8(ascii: "u"): try setItems(popToMark())
      case UInt8(ascii: "q"): memo[try number(1)] = try top()
      case UInt8(ascii: "r"): memo[try number(4)] = try top()
      case 0x94: memo[memo.count] = try top()
      case 0x95: _ = try take(8)
      case UInt8(ascii: "h"), UInt8(ascii: "j"):
        let index = try number(opcode == UInt8(ascii: "h") ? 1 : 4)
        guard let value = memo[index] else {
          throw fail("is not a sound pickle: nothing is kept as \(index)", at: here)
        }
        try push(value)
      case UInt8(ascii: "c"): try global("\(line()) \(line())", at: here)
      case 0x93:
        guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
          throw fail("is not a sound pickle: a name is missing", at: here)
        }
        try global("\(module) \(name)", at: here)
      case UInt8(ascii: "Q"): try persistent()
      case UInt8(ascii: "R"): try call()
      case UInt8(ascii: "b"):
        // State dictionaries carry the versions of their modules, which no number depends on.
        guard case .dictionary = try pop(), case .dictionary = try top() else {
          throw fail("gives a state to something that has none", at: here)
        }
      default:
        throw fail("has the opcode \(String(format: "0x%02x", opcode)), which no dictionary of tensors needs", at: here)
      }
    }
  }

  private mutating func top() throws(FileError) -> Value {
    guard let value = stack.last else { throw fail("is not a sound pickle: a value is missing") }
    return value
  }

  private mutating func global(_ name: String, at here: Int) throws(FileError) {
    guard Self.functions.contains(name) || Storage.Kind(rawValue: name) != nil else {
      throw fail(
        "asks for \(name.replacingOccurrences(of: " ", with: ".")), which tensors do not need; nothing of it was run",
        at: here)
    }
    try push(.global(name))
  }
}
