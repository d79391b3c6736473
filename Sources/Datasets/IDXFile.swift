import Files
import Foundation

/// An array of bytes in the IDX format of the MNIST files, gzip-compressed or not.
///
/// The format (<http://yann.lecun.com/exdb/mnist/>): two zero bytes, a byte for the element type, a byte for the
/// number of dimensions, each dimension as a big-endian 32-bit number, then the elements, last dimension fastest. Of
/// the element types only unsigned bytes (0x08) are read.
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
  /// - Throws: `FileError` naming the file, what is wrong with it and at which byte: not there, not an IDX file, another
  ///   element type, no dimension or an empty one, fewer or more bytes than the header announces, gzip data that is
  ///   damaged or cut short.
  public init(contentsOf url: URL) throws(FileError) {
    let reader = try ContentReader(url)
    let header = try IDXHeader(from: reader)
    shape = header.shape
    bytes = try Self.elements(of: header, from: reader)
  }

  private static func elements(of header: IDXHeader, from reader: ContentReader) throws(FileError) -> [UInt8] {
    func fail(_ reason: String, at offset: Int) -> FileError {
      FileError(path: reader.path, reason: reason, at: reader.place(offset))
    }
    func tooShort(_ found: Int) -> FileError {
      fail(
        "holds \(grouped(found)) of \(grouped(header.fileCount)) bytes that its shape \(header.shape) takes",
        at: found)
    }
    func tooLong(_ excess: String) -> FileError {
      fail(
        "holds \(excess) more than the \(grouped(header.fileCount)) bytes that its shape \(header.shape) takes",
        at: header.fileCount)
    }
    if reader.isGzip {
      // The best deflate can do is 258 bytes in two bits.
      guard header.fileCount / 1032 <= reader.fileSize else {
        throw fail(
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

    // Grown as the data comes, so that a false header of a packed file costs no more memory than the file's content.
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { chunk.deallocate() }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(reader.isGzip ? min(header.count, chunk.count) : header.count)
    while bytes.count < header.count {
      let wanted = UnsafeMutableRawBufferPointer(rebasing: chunk.prefix(header.count - bytes.count))
      let got = try reader.read(into: wanted)
      guard got > 0 else { throw tooShort(reader.count) }
      if bytes.capacity < bytes.count + got {
        bytes.reserveCapacity(min(header.count, max(2 * bytes.capacity, bytes.count + got)))
      }
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: wanted.prefix(got)))
    }
    // Reading on finds surplus elements; in gzip data it also checks the closing checksum.
    guard try reader.read(1).isEmpty else { throw tooLong("bytes") }
    return bytes
  }
}

/// What stands before the elements of an IDX file.
private struct IDXHeader {
  /// The dimensions, outermost first.
  let shape: [Int]
  /// The number of elements, which is also that of their bytes.
  let count: Int
  /// The bytes of the whole file, header included, as the header implies it.
  let fileCount: Int

  init(from reader: ContentReader) throws(FileError) {
    func fail(_ reason: String, at offset: Int) -> FileError {
      FileError(path: reader.path, reason: reason, at: reader.place(offset))
    }
    let magic = try reader.read(4)
    guard !magic.isEmpty else { throw fail("is not an IDX file: it is empty", at: 0) }
    guard magic.prefix(2).allSatisfy({ $0 == 0 }) else {
      let found = magic.map { hexadecimal($0) }.joined(separator: " ")
      throw fail("is not an IDX file: it begins with the bytes \(found) instead of 00 00 08", at: 0)
    }
    guard magic.count == 4 else {
      throw fail(
        "is not an IDX file: it ends within its header, after \(magic.count) of at least 8 bytes", at: magic.count)
    }
    guard magic[2] == 0x08 else {
      let type = Self.elementTypes[magic[2]].map { "holds \($0)" } ?? "holds elements of an unknown type"
      throw fail("\(type) (IDX type 0x\(hexadecimal(magic[2]))); only unsigned bytes (0x08) are read", at: 2)
    }
    let rank = Int(magic[3])
    guard rank > 0 else { throw fail("is an IDX file without dimensions", at: 3) }
    let dimensions = try reader.read(4 * rank)
    let start = 4 + 4 * rank
    guard dimensions.count == 4 * rank else {
      throw fail(
        "ends within its IDX header, after \(4 + dimensions.count) of \(start) bytes", at: 4 + dimensions.count)
    }
    let shape = (0..<rank).map { axis in
      dimensions[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    if let axis = shape.firstIndex(of: 0) {
      throw fail("has no elements: dimension \(axis) of its shape \(shape) is 0", at: 4 + 4 * axis)
    }
    var size = (partialValue: 1, overflow: false)
    for dimension in shape where !size.overflow {
      size = size.partialValue.multipliedReportingOverflow(by: dimension)
    }
    let whole = size.partialValue.addingReportingOverflow(start)
    guard !size.overflow && !whole.overflow else {
      throw fail("announces shape \(shape), more bytes than a file can have", at: 4)
    }
    self.shape = shape
    count = size.partialValue
    fileCount = whole.partialValue
  }

  private static let elementTypes: [UInt8: String] = [
    0x09: "signed bytes", 0x0b: "16-bit integers", 0x0c: "32-bit integers", 0x0d: "32-bit floats",
    0x0e: "64-bit floats",
  ]
}
