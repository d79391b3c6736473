import Files
import Foundation

/// An array of bytes in the IDX format of the MNIST files, gzip-compressed or not.
///
/// The format (<http://yann.lecun.com/exdb/mnist/>): two zero bytes, a byte for the element type, a byte for the
/// number of dimensions, each dimension as a big-endian 32-bit number, then the elements, last dimension fastest. Of
/// the element types only unsigned bytes (0x08) are read; those of labels may be 32-bit integers (0x0c) as well.
///
/// ```swift
/// let images = try IDXFile(contentsOf: folder.appendingPathComponent("train-images-idx3-ubyte.gz"))
/// images.shape  // [60000, 28, 28]
/// ```
public struct IDXFile: Sendable, Equatable {
  /// The dimensions, outermost first: at least one, each at least 1.
  public let shape: [Int]
  /// The elements, last dimension fastest: as many as the product of ``shape``, each 0...255.
  public let bytes: [UInt8]

  /// Reads the file at `url`. Whether it is gzip data is told by its first bytes, not by its name.
  ///
  /// A header is believed only as far as the file can bear it out: nothing is allocated for elements that a file of
  /// this size cannot hold.
  ///
  /// - Throws: `FileError` naming the file, what is wrong with it and at which byte: not there, not an IDX file,
  ///   another element type, no dimension or an empty one, fewer or more bytes than the header announces, gzip data
  ///   that is damaged or cut short.
  public init(contentsOf url: URL) throws(FileError) {
    let reader = try ContentReader(url)
    let header = try IDXHeader(from: reader, accepting: [0x08])
    shape = header.shape
    bytes = try Self.elements(of: header, from: reader)
  }

  /// Reads a file of labels: one axis, or two of which the first column counts (QMNIST's labels have eight columns).
  ///
  /// - Returns: A number for each example; what it may be is for the data set to say.
  /// - Throws: `FileError` as ``init(contentsOf:)``, and on more axes.
  static func labels(contentsOf url: URL) throws(FileError) -> (shape: [Int], values: [Int]) {
    let reader = try ContentReader(url)
    let header = try IDXHeader(from: reader, accepting: [0x08, 0x0c])
    guard header.shape.count <= 2 else {
      throw reader.fail(
        "has the shape \(header.shape), where labels have one axis (count); are images and labels exchanged?", at: 3)
    }
    let bytes = try elements(of: header, from: reader)
    let stride = header.elementSize * (header.shape.count == 2 ? header.shape[1] : 1)
    let values = (0..<header.shape[0]).map { index in
      header.elementSize == 1
        ? Int(bytes[index * stride])
        : Int(Int32(truncatingIfNeeded: bytes[index * stride..<index * stride + 4].reduce(0) { $0 << 8 | Int($1) }))
    }
    return (header.shape, values)
  }

  private static func elements(of header: IDXHeader, from reader: ContentReader) throws(FileError) -> [UInt8] {
    func tooShort(_ found: Int) -> FileError {
      reader.fail(
        "holds \(grouped(found)) of \(grouped(header.fileCount)) bytes that its shape \(header.shape) takes",
        at: found)
    }
    func tooLong(_ excess: String) -> FileError {
      reader.fail(
        "holds \(excess) more than the \(grouped(header.fileCount)) bytes that its shape \(header.shape) takes",
        at: header.fileCount)
    }
    if reader.isGzip {
      // The best deflate can do is 258 bytes in two bits.
      guard header.fileCount / 1032 <= reader.fileSize else {
        throw reader.fail(
          "announces shape \(header.shape), \(grouped(header.fileCount)) bytes: more than its "
            + "\(grouped(reader.fileSize)) bytes of gzip data can hold", at: 4)
      }
    } else {
      guard reader.fileSize >= header.fileCount else { throw tooShort(reader.fileSize) }
      guard reader.fileSize == header.fileCount else {
        throw tooLong("\(grouped(reader.fileSize - header.fileCount)) bytes")
      }
    }
    reader.expectedCount = header.fileCount

    let bytes = try reader.read(header.count * header.elementSize, isSure: !reader.isGzip)
    guard bytes.count == header.count * header.elementSize else { throw tooShort(reader.count) }
    // Reading on finds surplus elements; in gzip data it also checks the closing checksum.
    guard try reader.read(1).isEmpty else { throw tooLong("bytes") }
    return bytes
  }
}

/// What stands before the elements of an IDX file.
private struct IDXHeader {
  /// The dimensions, outermost first.
  let shape: [Int]
  /// The number of elements.
  let count: Int
  /// The bytes of an element.
  let elementSize: Int
  /// The bytes of the whole file, header included, as the header implies it.
  let fileCount: Int

  init(from reader: ContentReader, accepting types: Set<UInt8>) throws(FileError) {
    let fail = reader.fail
    let magic = try reader.read(4)
    guard !magic.isEmpty else { throw fail("is not an IDX file: it is empty", 0) }
    guard magic.prefix(2).allSatisfy({ $0 == 0 }) else {
      if let kind = contentKind(of: try magic + reader.read(508)) {
        throw fail("is not an IDX file: it \(reader.isGzip ? "unpacks to" : "is") \(kind)", 0)
      }
      let found = magic.map { hexadecimal($0) }.joined(separator: " ")
      throw fail("is not an IDX file: it begins with the bytes \(found) instead of 00 00 08", 0)
    }
    guard magic.count == 4 else {
      throw fail(
        "is not an IDX file: it ends within its header, after \(magic.count) of at least 8 bytes", magic.count)
    }
    guard types.contains(magic[2]) else {
      let type = Self.elementTypes[magic[2]].map { "holds \($0)" } ?? "holds elements of an unknown type"
      let wanted = types.contains(0x0c) ? "unsigned bytes (0x08) and 32-bit integers (0x0c)" : "unsigned bytes (0x08)"
      throw fail("\(type) (IDX type 0x\(hexadecimal(magic[2]))); only \(wanted) are read", 2)
    }
    let rank = Int(magic[3])
    guard rank > 0 else { throw fail("is an IDX file without dimensions", 3) }
    let dimensions = try reader.read(4 * rank)
    let start = 4 + 4 * rank
    guard dimensions.count == 4 * rank else {
      throw fail(
        "ends within its IDX header, after \(4 + dimensions.count) of \(start) bytes", 4 + dimensions.count)
    }
    let shape = (0..<rank).map { axis in
      dimensions[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    if let axis = shape.firstIndex(of: 0) {
      throw fail("has no elements: dimension \(axis) of its shape \(shape) is 0", 4 + 4 * axis)
    }
    elementSize = magic[2] == 0x0c ? 4 : 1
    var size = (partialValue: elementSize, overflow: false)
    for dimension in shape where !size.overflow {
      size = size.partialValue.multipliedReportingOverflow(by: dimension)
    }
    let whole = size.partialValue.addingReportingOverflow(start)
    guard !size.overflow && !whole.overflow else {
      throw fail("announces shape \(shape), more bytes than a file can have", 4)
    }
    self.shape = shape
    count = size.partialValue / elementSize
    fileCount = whole.partialValue
  }

  private static let elementTypes: [UInt8: String] = [
    0x09: "signed bytes", 0x0b: "16-bit integers", 0x0c: "32-bit integers", 0x0d: "32-bit floats",
    0x0e: "64-bit floats",
  ]
}
