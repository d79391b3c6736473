import Cmatio
import Files
import Foundation

/// Variables of a MATLAB file of version 5, the kind that `save -v7` and `-v6` and SciPy write, read by matio.
struct MATFile {
  /// What is known of a variable before its numbers are read.
  struct Variable {
    /// The dimensions, the first of which is the fastest.
    var shape: [Int]
    /// MATLAB's word for its numbers: "uint8", "double".
    var type: String
  }

  fileprivate let path: String
  fileprivate let file: OpaquePointer
  /// Bytes of the file.
  fileprivate let size: Int

  /// Opens the file at `url` for as long as `body` takes.
  ///
  /// - Throws: `FileError`: no regular file, another format, or another version of it; what `body` throws.
  static func reading<Result>(
    _ url: URL, _ body: (MATFile) throws(FileError) -> Result
  ) throws(FileError) -> Result {
    let start = try ContentReader(url, unpacking: false)
    let header = try start.read(128)
    func refuse(_ reason: String, at offset: Int = 0) -> FileError { start.fail(reason, at: offset) }
    guard header.count == 128, header.starts(with: Array("MATLAB ".utf8)) else {
      let kind = contentKind(of: try header + start.read(384))
      throw refuse("is not a MATLAB file" + (kind.map { ": it is \($0)" } ?? ""))
    }
    // The byte order, and the version in it.
    let version: (UInt8, UInt8)
    switch (header[126], header[127]) {
    case (0x49, 0x4d): version = (header[125], header[124])  // IM
    case (0x4d, 0x49): version = (header[124], header[125])  // MI
    default: throw refuse("is not a MATLAB file: its byte order is not stated", at: 126)
    }
    guard version.0 == 1 else {
      throw refuse(
        version.0 == 2
          ? "is a MATLAB file of version 7.3, which is HDF5: save it with -v7"
          : "is a MATLAB file of an unknown version (\(version.0).\(version.1))", at: 124)
    }
    try MATStructure.check(url)
    guard let file = Mat_Open(url.path, Int32(MAT_ACC_RDONLY.rawValue)) else {
      throw refuse("cannot be opened as a MATLAB file")
    }
    defer { Mat_Close(file) }
    return try body(MATFile(path: url.path, file: file, size: start.fileSize))
  }

  /// What the file says of the variable `name`; nil where it has none.
  func variable(_ name: String) -> Variable? {
    guard let info = Mat_VarReadInfo(file, name) else { return nil }
    defer { Mat_VarFree(info) }
    return describe(info)
  }

  /// The bytes of a variable of unsigned bytes, its first dimension fastest.
  ///
  /// - Throws: `FileError`: no such variable, numbers of another kind, fewer than its shape takes.
  func bytes(_ name: String) throws(FileError) -> (shape: [Int], values: [UInt8]) {
    let (info, shape, count) = try open(name)
    defer { Mat_VarFree(info) }
    guard info.pointee.class_type == MAT_C_UINT8 else {
      throw fail("has '\(name)' of \(describe(info).type), where bytes (uint8) are wanted")
    }
    return (shape, try read(info, name, count, as: UInt8.self, zero: 0))
  }

  /// The whole numbers of a variable of whatever numeric kind.
  ///
  /// - Throws: `FileError` as ``bytes(_:)``, and where a number is not a whole one.
  func wholeNumbers(_ name: String) throws(FileError) -> (shape: [Int], values: [Int]) {
    let (info, shape, count) = try open(name)
    defer { Mat_VarFree(info) }
    func whole<Number: BinaryInteger>(_ type: Number.Type) throws(FileError) -> [Int] {
      try read(info, name, count, as: type, zero: 0).map { Int(truncatingIfNeeded: $0) }
    }
    func real<Number: BinaryFloatingPoint>(_ type: Number.Type) throws(FileError) -> [Int] {
      var result: [Int] = []
      for (index, number) in try read(info, name, count, as: type, zero: 0).enumerated() {
        guard let exact = Int(exactly: number) else { throw fail("has \(number) at index \(index) of '\(name)'") }
        result.append(exact)
      }
      return result
    }
    let values =
      switch info.pointee.class_type {
      case MAT_C_UINT8: try whole(UInt8.self)
      case MAT_C_INT8: try whole(Int8.self)
      case MAT_C_UINT16: try whole(UInt16.self)
      case MAT_C_INT16: try whole(Int16.self)
      case MAT_C_UINT32: try whole(UInt32.self)
      case MAT_C_INT32: try whole(Int32.self)
      case MAT_C_UINT64: try whole(UInt64.self)
      case MAT_C_INT64: try whole(Int64.self)
      case MAT_C_SINGLE: try real(Float.self)
      case MAT_C_DOUBLE: try real(Double.self)
      default: throw fail("has '\(name)' of \(describe(info).type), where numbers are wanted")
      }
    return (shape, values)
  }

  private func fail(_ reason: String) -> FileError { FileError(path: path, reason: reason, at: .byte(128)) }

  private func describe(_ info: UnsafeMutablePointer<matvar_t>) -> Variable {
    let rank = Int(info.pointee.rank)
    let types = [
      "nothing", "cells", "structures", "objects", "text", "a sparse matrix", "double", "single", "int8", "uint8",
      "int16", "uint16", "int32", "uint32", "int64", "uint64", "functions", "an opaque kind",
    ]
    let type = Int(info.pointee.class_type.rawValue)
    return Variable(
      shape: info.pointee.dims == nil ? [] : (0..<max(0, rank)).map { Int(clamping: info.pointee.dims[$0]) },
      type: types.indices.contains(type) ? types[type] : "an unknown kind")
  }

  /// The variable, its shape and the number of its numbers, which the file is large enough to hold.
  private func open(
    _ name: String
  ) throws(FileError) -> (info: UnsafeMutablePointer<matvar_t>, shape: [Int], count: Int) {
    guard let info = Mat_VarReadInfo(file, name) else { throw fail("holds no variable '\(name)'") }
    let shape = describe(info).shape
    var count = 1
    var isTooLarge = shape.isEmpty || info.pointee.isComplex != 0
    for dimension in shape where !isTooLarge {
      let product = count.multipliedReportingOverflow(by: dimension)
      (count, isTooLarge) = (product.partialValue, product.overflow)
    }
    // What matio counts in 32 bits, and what deflate can do at best.
    guard !isTooLarge, count > 0, count <= Int(Int32.max), count / 1032 <= size else {
      Mat_VarFree(info)
      throw fail("announces '\(name)' of shape \(shape), which a file of \(grouped(size)) bytes cannot hold")
    }
    return (info, shape, count)
  }

  private func read<Number>(
    _ info: UnsafeMutablePointer<matvar_t>, _ name: String, _ count: Int, as: Number.Type, zero: Number
  ) throws(FileError) -> [Number] {
    var values = [Number](repeating: zero, count: count)
    let status = values.withUnsafeMutableBytes {
      Mat_VarReadDataLinear(file, info, $0.baseAddress, 0, 1, Int32(count))
    }
    guard status == 0 else { throw fail("has '\(name)' damaged or cut short") }
    return values
  }
}
