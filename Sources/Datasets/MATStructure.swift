import Czlib
import Files
import Foundation

/// What must hold of a MATLAB file before matio reads it: its elements lie within it, compressed ones are sound to
/// their end, and the matrices are plain arrays of numbers whose parts have the sizes that their shapes take.
///
/// matio believes what a file says of itself in more places than is good for a file from outside. The format:
/// <https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf>.
enum MATStructure {
  /// - Throws: `FileError` naming the byte.
  static func check(_ url: URL) throws(FileError) {
    let reader = try ContentReader(url, unpacking: false)
    let header = try reader.read(128)
    let isLittle = header[126] == 0x49
    while reader.count < reader.fileSize {
      let start = reader.count
      let tag = try reader.read(8)
      guard tag.count == 8 else { throw reader.fail("ends within the head of an element", at: reader.fileSize) }
      let type = number(tag[0..<4], isLittle)
      let size = number(tag[4..<8], isLittle)
      guard reader.count + size <= reader.fileSize else {
        throw reader.fail(
          """
          is cut short: an element of \(grouped(size)) bytes begins there, and \
          \(grouped(reader.fileSize - reader.count)) are left
          """,
          at: start)
      }
      switch type {
      case 14:
        let part = Part(reader, size)
        try checkMatrix(part, reader, at: start, isLittle)
        try part.skip(size - part.count)
      case 15: try checkCompressed(reader, size, at: start, isLittle)
      default: throw reader.fail("has an element of type \(type) where a variable is wanted", at: start)
      }
    }
  }

  private static func number(_ bytes: some Collection<UInt8>, _ isLittle: Bool) -> Int {
    isLittle ? bytes.reversed().reduce(0) { $0 << 8 | Int($1) } : bytes.reduce(0) { $0 << 8 | Int($1) }
  }

  /// A part of a stream, which ends where the part does.
  private final class Part {
    private let stream: any ByteStream
    let size: Int
    private(set) var count = 0

    init(_ stream: any ByteStream, _ size: Int) {
      self.stream = stream
      self.size = size
    }

    func read(_ wanted: Int) throws(FileError) -> [UInt8] {
      let bytes = try stream.read(min(wanted, size - count))
      count += bytes.count
      return bytes
    }

    func skip(_ wanted: Int) throws(FileError) {
      var left = wanted
      while left > 0 {
        let got = try read(min(left, 1 << 16)).count
        if got == 0 { return }
        left -= got
      }
    }
  }

  /// An element's zlib data, unpacked and counted; only the head of what they hold is kept.
  private static func checkCompressed(
    _ reader: ContentReader, _ size: Int, at start: Int, _ isLittle: Bool
  ) throws(FileError) {
    let packed = InflatedPart(reader, size)
    let tag = try packed.read(8)
    guard tag.count == 8, number(tag[0..<4], isLittle) == 14 else {
      throw reader.fail("has a compressed element that holds no variable", at: start)
    }
    let part = Part(packed, number(tag[4..<8], isLittle))
    try checkMatrix(part, reader, at: start, isLittle)
    try part.skip(part.size - part.count)
    guard part.count == part.size, try packed.read(1).isEmpty else {
      throw reader.fail("has a variable that unpacks to another size than it states", at: start)
    }
    try packed.finish()
  }

  private static func checkMatrix(
    _ part: Part, _ reader: ContentReader, at start: Int, _ isLittle: Bool
  ) throws(FileError) {
    func fail(_ reason: String) -> FileError { reader.fail("has a variable \(reason)", at: start) }
    func head() throws(FileError) -> (type: Int, size: Int, isSmall: Bool, small: [UInt8]) {
      let tag = try part.read(8)
      guard tag.count == 8 else { throw fail("that ends within its head") }
      let first = number(tag[0..<4], isLittle)
      if first >> 16 != 0 {
        guard first >> 16 <= 4 else { throw fail("with a part of a size that is none") }
        return (first & 0xffff, first >> 16, true, Array(tag[4...]))
      }
      return (first, number(tag[4..<8], isLittle), false, [])
    }
    func content(_ limit: Int) throws(FileError) -> (type: Int, bytes: [UInt8]) {
      let (type, size, isSmall, small) = try head()
      if isSmall { return (type, Array(small.prefix(size))) }
      guard size <= limit else { throw fail("with a head larger than any") }
      let padded = try part.read((size + 7) / 8 * 8)
      guard padded.count == (size + 7) / 8 * 8 else { throw fail("that ends within its head") }
      return (type, Array(padded.prefix(size)))
    }
    let flags = try content(8)
    guard flags.type == 6, flags.bytes.count == 8 else { throw fail("without flags") }
    let word = number(flags.bytes[0..<4], isLittle)
    guard (6...15).contains(word & 0xff), word & 0x0800 == 0 else {
      throw fail("that is no array of plain real numbers")
    }
    let dimensions = try content(4 * 32)
    guard dimensions.type == 5, dimensions.bytes.count % 4 == 0, dimensions.bytes.count >= 8 else {
      throw fail("without dimensions")
    }
    var count = 1
    for axis in stride(from: 0, to: dimensions.bytes.count, by: 4) {
      let product = count.multipliedReportingOverflow(by: number(dimensions.bytes[axis..<axis + 4], isLittle))
      guard !product.overflow else { throw fail("of more numbers than a file can hold") }
      count = product.partialValue
    }
    let name = try content(64)
    guard name.type == 1, !name.bytes.contains(0) else { throw fail("without a name") }
    // Numbers may be stored in a smaller kind than they have.
    let sizes = [1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8]
    let data = try head()
    guard let size = sizes[data.type], !count.multipliedReportingOverflow(by: size).overflow, data.size == count * size
    else { throw fail("whose numbers do not fit its dimensions") }
    guard data.isSmall || data.size <= part.size - part.count else { throw fail("that is cut short") }
  }

  /// zlib data of a known size, unpacked as they are asked for.
  private final class InflatedPart: ByteStream {
    private let reader: ContentReader
    private let start: Int
    private var left: Int
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var input: [UInt8] = []
    private var isAtEnd = false
    private(set) var count = 0

    init(_ reader: ContentReader, _ size: Int) {
      self.reader = reader
      start = reader.count
      left = size
      stream.initialize(to: z_stream())
      inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
      inflateEnd(stream)
      stream.deallocate()
    }

    var path: String { reader.path }
    func place(_ offset: Int) -> FileError.Place { reader.place(start) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
      var filled = 0
      while filled < buffer.count && !isAtEnd {
        if input.isEmpty {
          input = try reader.read(min(left, 1 << 16))
          left -= input.count
        }
        var used = 0
        var status = Z_OK
        input.withUnsafeMutableBufferPointer { input in
          stream.pointee.next_in = input.baseAddress
          stream.pointee.avail_in = UInt32(input.count)
          stream.pointee.next_out = (buffer.baseAddress! + filled).assumingMemoryBound(to: UInt8.self)
          stream.pointee.avail_out = UInt32(clamping: buffer.count - filled)
          let room = Int(stream.pointee.avail_out)
          status = inflate(stream, Z_NO_FLUSH)
          used = input.count - Int(stream.pointee.avail_in)
          filled += room - Int(stream.pointee.avail_out)
        }
        input.removeFirst(used)
        switch status {
        case Z_STREAM_END: isAtEnd = true
        case Z_OK: break
        case Z_BUF_ERROR where left > 0: break
        case Z_BUF_ERROR: throw fail("has a compressed variable that is cut short", at: 0)
        default: throw fail("has a compressed variable that is damaged", at: 0)
        }
      }
      count += filled
      return filled
    }

    /// Goes to the end of the packed data.
    func finish() throws(FileError) {
      guard isAtEnd else { throw fail("has a compressed variable that is cut short", at: 0) }
      while left > 0 {
        let got = try reader.read(min(left, 1 << 16)).count
        guard got > 0 else { return }
        left -= got
      }
    }
  }
}
