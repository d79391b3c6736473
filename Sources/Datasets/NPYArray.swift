import Files

/// An array of numbers in NumPy's format
/// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
struct NPYArray {
  /// The kind of number, as NumPy writes it: `|u1`, `<i8`, `<f8`.
  let type: String
  /// The dimensions, outermost first; each at least 1.
  let shape: [Int]
  /// The bytes of the numbers, last dimension fastest.
  let bytes: [UInt8]

  /// Reads a stream of `size` bytes to its end.
  ///
  /// - Parameter reals: whether floating-point numbers are wanted, and not whole ones.
  /// - Throws: `FileError`: no such array, one of other numbers, in Fortran's order, or of a shape that `size` does not
  ///   fit.
  init(from stream: any ByteStream, size: Int, reals: Bool = false) throws(FileError) {
    let start = try stream.read(10)
    guard start.count == 10, start.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw stream.fail("is not a NumPy array" + (contentKind(of: start).map { ": it is \($0)" } ?? ""), at: 0)
    }
    guard (1...3).contains(start[6]) else {
      throw stream.fail("is a NumPy array of an unknown version, \(start[6]).\(start[7])", at: 6)
    }
    var length = Int(start[8]) | Int(start[9]) << 8
    if start[6] > 1 {
      let rest = try stream.read(2)
      guard rest.count == 2 else { throw stream.fail("ends within its head", at: stream.count) }
      length |= Int(rest[0]) << 16 | Int(rest[1]) << 24
    }
    guard length <= 1 << 16 else { throw stream.fail("has a head of \(length) bytes", at: 8) }
    let headStart = stream.count
    let head = try stream.read(length)
    guard head.count == length else { throw stream.fail("ends within its head", at: stream.count) }
    let text = String(decoding: head, as: UTF8.self)
    func refused(_ reason: String) -> FileError { stream.fail(reason, at: headStart) }
    // Python's notation of a dictionary, in the one form in which NumPy writes it, keys in any order.
    guard let descr = text.firstMatch(of: /'descr': *'([^']*)'/)?.1,
      let order = text.firstMatch(of: /'fortran_order': *(True|False)/)?.1,
      let axes = text.firstMatch(of: /'shape': *\(([0-9, ]*)\)/)?.1
    else { throw refused("has a head that is not NumPy's, or an array of records or objects") }
    let sizes =
      reals
      ? ["f4": 4, "f8": 8]
      : ["u1": 1, "i1": 1, "b1": 1, "u2": 2, "i2": 2, "u4": 4, "i4": 4, "u8": 8, "i8": 8]
    guard descr.count == 3, let elementSize = sizes[String(descr.dropFirst())], "<>|=".contains(descr.first!) else {
      throw refused("has numbers of type '\(descr)'; \(reals ? "float32 and float64" : "whole numbers") are read")
    }
    var shape: [Int] = []
    var count = elementSize
    for axis in axes.split(whereSeparator: { ", ".contains($0) }) {
      guard let length = Int(axis), length > 0 else { throw refused("has the shape (\(axes)), which is empty") }
      let product = count.multipliedReportingOverflow(by: length)
      guard !product.overflow, shape.count < 32 else { throw refused("has the shape (\(axes)), larger than any file") }
      count = product.partialValue
      shape.append(length)
    }
    guard order == "False" || shape.filter({ $0 > 1 }).count <= 1 else {
      throw refused("is an array in Fortran's order; numpy.ascontiguousarray makes it one that is read")
    }
    guard count == size - headStart - length else {
      throw refused(
        "announces the shape \(shape), \(grouped(count)) bytes, and holds \(grouped(size - headStart - length))")
    }
    let bytes = try stream.read(count)
    guard bytes.count == count else {
      throw stream.fail("is cut short: \(grouped(bytes.count)) of \(grouped(count)) bytes", at: stream.count)
    }
    // Reading on checks the checksum.
    guard try stream.read(1).isEmpty else {
      throw stream.fail("is longer than its shape \(shape) takes", at: stream.count)
    }
    self.type = String(descr)
    self.shape = shape
    self.bytes = bytes
  }

  /// The numbers, those above `Int.max` as negative ones.
  var values: [Int] {
    let size = Int(type.suffix(1))!
    let isSigned = type.dropFirst().hasPrefix("i")
    let isBig = type.hasPrefix(">")
    return stride(from: 0, to: bytes.count, by: size).map { start in
      let word = bytes[start..<start + size]
      var value: UInt64 = 0
      for byte in isBig ? Array(word) : word.reversed() { value = value << 8 | UInt64(byte) }
      if isSigned && size < 8 && value >> UInt64(8 * size - 1) == 1 { value |= UInt64.max << UInt64(8 * size) }
      return Int(Int64(bitPattern: value))
    }
  }
  /// The numbers of an array of floating-point ones.
  var reals: [Double] {
    let isBig = type.hasPrefix(">")
    return bytes.withUnsafeBytes { bytes in
      if type.hasSuffix("f8") {
        return stride(from: 0, to: bytes.count, by: 8).map {
          let word = bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)
          return Double(bitPattern: isBig ? word.byteSwapped : UInt64(littleEndian: word))
        }
      }
      return stride(from: 0, to: bytes.count, by: 4).map {
        let word = bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)
        return Double(Float(bitPattern: isBig ? word.byteSwapped : UInt32(littleEndian: word)))
      }
    }
  }
}
