import Files

/// What a Python pickle may hold here: the data that CIFAR's files are made of.
indirect enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  /// Text, or bytes that Python 2 took for it.
  case string([UInt8])
  case list([PickleValue])
  case tuple([PickleValue])
  case array(Pickle.Array)
  /// numpy's description of an element; only bytes are known.
  case elementType(String)
  /// A name that was asked for and is known.
  case global(Pickle.Known)

  /// In words, for errors.
  var kind: String {
    switch self {
    case .none: "nothing"
    case .bool: "a truth value"
    case .int: "a number"
    case .string: "a string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .array: "an array"
    case .elementType: "an element type"
    case .global: "a function"
    }
  }

  /// The value where it is short, else its kind.
  var text: String {
    switch self {
    case .int(let number): "\(number)"
    case .bool(let value): "\(value)"
    default: kind
    }
  }
}

/// A reader of Python pickles that runs nothing: it knows the opcodes with which dictionaries, lists, tuples, strings,
/// whole numbers and numpy's arrays of bytes are written, in protocols 2 to 4, and refuses everything else by its name.
///
/// A pickle is a program for a machine with a stack, which may call any function of Python; of functions it knows the
/// ones by which numpy rebuilds an array (and `_codecs.encode`, by which Python 3 writes bytes in protocol 2), and
/// these are data to it. Source of the opcodes: Python's `pickletools`.
struct Pickle {
  /// An array of bytes.
  struct Array {
    /// The dimensions, outermost first.
    var shape: [Int]
    /// The elements, last dimension fastest.
    var bytes: [UInt8]
  }

  /// Names that a pickle may ask for.
  enum Known: String {
    case reconstruct = "numpy.core.multiarray _reconstruct"
    case array = "numpy ndarray"
    case elementType = "numpy dtype"
    case encode = "_codecs encode"
  }

  /// A dictionary or list in the making, which a pickle refers to while it fills it.
  private final class Box {
    var content: Content

    enum Content {
      case value(PickleValue)
      case list([PickleValue])
      case dictionary([String: PickleValue])
      /// An array whose state has not come yet.
      case emptyArray
    }

    init(_ content: Content) { self.content = content }
  }

  private enum Item {
    case mark
    case box(Box)
  }

  /// Reads a pickle that is one dictionary whose keys are strings.
  ///
  /// - Parameters:
  ///   - stream: read to its end.
  ///   - limit: the most bytes that such a pickle may have.
  /// - Throws: `FileError`: not a pickle, cut short, longer than `limit`, with bytes behind its end, or with anything
  ///   in it that is not known here, by its name.
  static func dictionary(from stream: any ByteStream, limit: Int) throws(FileError) -> [String: PickleValue] {
    var pickle = Pickle(stream: stream, limit: limit)
    return try pickle.run()
  }

  private let stream: any ByteStream
  private let limit: Int
  private var stack: [Item] = []
  private var memo: [Int: Box] = [:]
  /// Where the opcode stands that is being obeyed.
  private var here = 0
  /// How many values there may still be: what a byte asks for takes more than a byte.
  private var valuesLeft: Int
  private var buffer: [UInt8] = []
  private var position = 0
  private var consumed = 0

  private init(stream: any ByteStream, limit: Int) {
    self.stream = stream
    self.limit = limit
    valuesLeft = 1 << 20
  }

  // MARK: Bytes

  private mutating func fail(_ reason: String) -> FileError { stream.fail(reason, at: here) }

  private mutating func take(_ count: Int) throws(FileError) -> ArraySlice<UInt8> {
    if buffer.count - position < count {
      buffer.removeSubrange(..<position)
      position = 0
      let short = count - buffer.count
      guard consumed + count <= limit else {
        throw fail("is a pickle of more than \(grouped(limit)) bytes")
      }
      try stream.append(short > 1 << 16 ? short : 1 << 16, to: &buffer)
      guard buffer.count >= count else {
        throw stream.fail("is cut short: it ends within the pickle", at: consumed + buffer.count)
      }
    }
    consumed += count
    position += count
    return buffer[position - count..<position]
  }

  private mutating func number(_ count: Int) throws(FileError) -> Int {
    let value = try take(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard value <= UInt64(Int32.max) || count < 8 else { throw fail("announces \(value) bytes, more than it has") }
    return Int(value)
  }

  private mutating func line() throws(FileError) -> String {
    var bytes: [UInt8] = []
    while true {
      let byte = try take(1).first!
      if byte == UInt8(ascii: "\n") { break }
      bytes.append(byte)
      guard bytes.count < 256 else { throw fail("has a name of more than 255 bytes") }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func string(_ count: Int) throws(FileError) {
    try push(.string([UInt8](try take(count))))
  }

  // MARK: The stack

  private mutating func push(_ content: Box.Content) throws(FileError) {
    valuesLeft -= 1
    guard valuesLeft > 0 else { throw fail("is a pickle of more values than CIFAR's files have") }
    stack.append(.box(Box(content)))
  }

  private mutating func push(_ value: PickleValue) throws(FileError) { try push(.value(value)) }

  private mutating func top() throws(FileError) -> Box {
    guard case .box(let box) = stack.last else { throw fail("is not a sound pickle: a value is missing") }
    return box
  }

  private mutating func pop() throws(FileError) -> Box {
    let box = try top()
    stack.removeLast()
    return box
  }

  private mutating func popToMark() throws(FileError) -> [Box] {
    guard let mark = stack.lastIndex(where: { if case .mark = $0 { true } else { false } }) else {
      throw fail("is not a sound pickle: a mark is missing")
    }
    let items = stack[(mark + 1)...].compactMap { item -> Box? in if case .box(let box) = item { box } else { nil } }
    stack.removeSubrange(mark...)
    return items
  }

  /// A value as part of another: nothing in CIFAR's files is nested more than this, and what is not nested cannot
  /// contain itself.
  private mutating func part(_ box: Box, of whole: String, depth: Int = 0) throws(FileError) -> PickleValue {
    guard case .value(let value) = box.content else { throw fail("holds a list or dictionary within \(whole)") }
    switch value {
    case .tuple(let items):
      guard whole == "a tuple", items.allSatisfy({ if case .tuple = $0 { false } else { true } }) else {
        throw fail("holds a tuple within \(whole)")
      }
    case .array, .list: throw fail("holds \(value.kind) within \(whole)")
    default: break
    }
    return value
  }

  private mutating func pushTuple(_ items: [Box]) throws(FileError) {
    var values: [PickleValue] = []
    for item in items { values.append(try part(item, of: "a tuple")) }
    try push(.tuple(values))
  }

  private mutating func extend(_ items: [Box]) throws(FileError) {
    let list = try top()
    guard case .list(var values) = list.content else { throw fail("adds to something that is not a list") }
    list.content = .list([])  // So that the values are not copied.
    values.reserveCapacity(values.count + items.count)
    for item in items { values.append(try part(item, of: "a list")) }
    list.content = .list(values)
  }

  private mutating func setItems(_ items: [Box]) throws(FileError) {
    let target = try top()
    guard case .dictionary(var entries) = target.content else { throw fail("sets an entry of something without any") }
    target.content = .dictionary([:])
    guard items.count % 2 == 0 else { throw fail("is not a sound pickle: a key has no value") }
    for index in stride(from: 0, to: items.count, by: 2) {
      guard case .value(.string(let key)) = items[index].content else {
        throw fail("has an entry whose key is not a string")
      }
      let value: PickleValue
      switch items[index + 1].content {
      case .value(let plain): value = plain
      case .list(let values): value = .list(values)
      case .dictionary, .emptyArray: throw fail("has an entry of a kind that CIFAR's files do not have")
      }
      entries[String(decoding: key, as: UTF8.self)] = value
    }
    target.content = .dictionary(entries)
  }

  // MARK: numpy's arrays

  private mutating func global(_ module: String, _ name: String) throws(FileError) {
    // The module's name of numpy 2.
    let full = "\(module == "numpy._core.multiarray" ? "numpy.core.multiarray" : module) \(name)"
    guard let known = Known(rawValue: full) else {
      throw fail("asks for \(module).\(name), which data do not need; nothing of it was run")
    }
    try push(.global(known))
  }

  private mutating func call() throws(FileError) {
    let arguments = try pop()
    let function = try pop()
    guard case .value(.global(let known)) = function.content, case .value(.tuple(let values)) = arguments.content else {
      throw fail("is not a sound pickle: it calls something that is no function")
    }
    switch (known, values.first) {
    case (.reconstruct, .global(.array)): try push(.emptyArray)
    case (.elementType, .string(let name)): try push(.elementType(String(decoding: name, as: UTF8.self)))
    case (.encode, .string(let text)):
      // Bytes as characters of the same number.
      guard values.count == 2, case .string(let encoding) = values[1], encoding == Swift.Array("latin1".utf8),
        let characters = String(validating: text, as: UTF8.self)?.unicodeScalars,
        characters.allSatisfy({ $0.value < 256 })
      else { throw fail("encodes a string in a way that is not known") }
      try push(.string(characters.map { UInt8($0.value) }))
    default: throw fail("calls \(known.rawValue) in a way that is not known")
    }
  }

  private mutating func build() throws(FileError) {
    let state = try pop()
    let target = try top()
    guard case .value(.tuple(let values)) = state.content else { throw fail("has a state that is not a tuple") }
    switch target.content {
    case .value(.elementType):
      // Byte order and the like, which bytes do not have.
      return
    case .emptyArray:
      guard values.count == 5, case .int = values[0], case .tuple(let dimensions) = values[1],
        case .elementType(let type) = values[2], case .bool(let isByColumns) = values[3],
        case .string(let bytes) = values[4]
      else { throw fail("has an array in a form that is not known") }
      guard ["u1", "|u1", "uint8"].contains(type) else {
        throw fail("has an array of elements '\(type)', not of bytes")
      }
      var shape: [Int] = []
      var count = 1
      for dimension in dimensions {
        guard case .int(let size) = dimension, size >= 0 else { throw fail("has an array of a shape that is none") }
        let product = count.multipliedReportingOverflow(by: size)
        guard !product.overflow else { throw fail("has an array larger than any memory") }
        count = product.partialValue
        shape.append(size)
      }
      guard count == bytes.count else {
        throw fail("has an array of shape \(shape) with \(grouped(bytes.count)) bytes")
      }
      var rows = bytes
      if isByColumns && shape.count > 1 {
        guard shape.count == 2 else { throw fail("has an array of shape \(shape) that stands by columns") }
        DecodedImages.turnUpright(&rows, height: shape[0], width: shape[1])
      }
      target.content = .value(.array(Array(shape: shape, bytes: rows)))
    default: throw fail("gives a state to something that has none")
    }
  }

  // MARK: The machine

  private mutating func run() throws(FileError) -> [String: PickleValue] {
    buffer = try stream.read(1 << 16)
    guard buffer.first == 0x80 else {
      let kind = contentKind(of: [UInt8](buffer.prefix(512)))
      throw stream.fail("is not a Python pickle of protocol 2 or later" + (kind.map { ": it is \($0)" } ?? ""), at: 0)
    }
    let protocolNumber = try take(2).last!
    guard (2...4).contains(protocolNumber) else {
      throw stream.fail("is a Python pickle of protocol \(protocolNumber); 2 to 4 are read", at: 1)
    }
    while true {
      here = consumed
      let opcode = try take(1).first!
      switch opcode {
      case UInt8(ascii: "."):
        guard case .dictionary(let entries) = try pop().content else { throw fail("is a pickle, but of no dictionary") }
        guard stack.isEmpty else { throw fail("is not a sound pickle: values are left over") }
        guard position == buffer.count, try stream.read(1).isEmpty else {
          throw stream.fail("has other bytes behind the pickle", at: consumed)
        }
        return entries
      case UInt8(ascii: "("): stack.append(.mark)
      case UInt8(ascii: "N"): try push(.none)
      case 0x88: try push(.bool(true))
      case 0x89: try push(.bool(false))
      case UInt8(ascii: "K"): try push(.int(number(1)))
      case UInt8(ascii: "M"): try push(.int(number(2)))
      case UInt8(ascii: "J"): try push(.int(Int(Int32(truncatingIfNeeded: number(4)))))
      case 0x8a:
        let size = try number(1)
        guard size <= 8 else { throw fail("has a number of \(size) bytes") }
        let bytes = try take(size)
        var value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if let last = bytes.last, last >= 0x80, size < 8 { value |= UInt64.max << UInt64(8 * size) }
        try push(.int(Int(Int64(bitPattern: value))))
      case UInt8(ascii: "U"), UInt8(ascii: "C"), 0x8c: try string(number(1))
      case UInt8(ascii: "T"), UInt8(ascii: "B"), UInt8(ascii: "X"): try string(number(4))
      case 0x8d, 0x8e: try string(number(8))
      case UInt8(ascii: "]"): try push(Box.Content.list([]))
      case UInt8(ascii: "}"): try push(.dictionary([:]))
      case UInt8(ascii: ")"): try pushTuple([])
      case 0x85: try pushTuple([pop()])
      case 0x86: try pushTuple([pop(), pop()].reversed())
      case 0x87: try pushTuple([pop(), pop(), pop()].reversed())
      case UInt8(ascii: "t"): try pushTuple(popToMark())
      case UInt8(ascii: "a"): try extend([pop()])
      case UInt8(ascii: "e"): try extend(popToMark())
      case UInt8(ascii: "s"): try setItems([pop(), pop()].reversed())
      case UInt8(ascii: "u"): try setItems(popToMark())
      case UInt8(ascii: "q"): memo[try number(1)] = try top()
      case UInt8(ascii: "r"): memo[try number(4)] = try top()
      case 0x94: memo[memo.count] = try top()
      case UInt8(ascii: "h"), UInt8(ascii: "j"):
        let index = try number(opcode == UInt8(ascii: "h") ? 1 : 4)
        guard let box = memo[index] else { throw fail("is not a sound pickle: nothing is kept as \(index)") }
        stack.append(.box(box))
        valuesLeft -= 1
        guard valuesLeft > 0 else { throw fail("is a pickle of more values than CIFAR's files have") }
      case UInt8(ascii: "c"): try global(line(), line())
      case 0x93:
        guard case .value(.string(let name)) = try pop().content, case .value(.string(let module)) = try pop().content,
          name.count + module.count < 256
        else { throw fail("is not a sound pickle: a name is no string") }
        try global(String(decoding: module, as: UTF8.self), String(decoding: name, as: UTF8.self))
      case UInt8(ascii: "R"): try call()
      case UInt8(ascii: "b"): try build()
      case 0x95: _ = try number(8)
      default:
        throw fail(
          "has the opcode \(Self.names[opcode] ?? "0x\(hexadecimal(opcode))"), which CIFAR's files do not have; "
            + "nothing of it was run")
      }
    }
  }

  /// Names of the opcodes that are refused, as Python's `pickletools` has them.
  private static let names: [UInt8: String] = [
    UInt8(ascii: "0"): "POP", UInt8(ascii: "1"): "POP_MARK", UInt8(ascii: "2"): "DUP", UInt8(ascii: "F"): "FLOAT",
    UInt8(ascii: "G"): "BINFLOAT", UInt8(ascii: "I"): "INT", UInt8(ascii: "L"): "LONG", 0x8b: "LONG4",
    UInt8(ascii: "P"): "PERSID", UInt8(ascii: "Q"): "BINPERSID", UInt8(ascii: "S"): "STRING",
    UInt8(ascii: "V"): "UNICODE", UInt8(ascii: "d"): "DICT", UInt8(ascii: "g"): "GET", UInt8(ascii: "i"): "INST",
    UInt8(ascii: "l"): "LIST", UInt8(ascii: "o"): "OBJ", UInt8(ascii: "p"): "PUT", 0x80: "PROTO", 0x81: "NEWOBJ",
    0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x8f: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET",
    0x92: "NEWOBJ_EX", 0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
  ]
}
