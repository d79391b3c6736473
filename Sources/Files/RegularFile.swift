import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Opens the file at `path` for reading. Links are followed; what they lead to must be a regular file: a folder cannot
/// be read, a pipe would be waited for, and a device may have no end.
///
/// - Returns: a descriptor, which the caller closes, and the file's size in bytes.
/// - Throws: `FileError` naming the file.
public func openRegularFile(at path: String) throws(FileError) -> (descriptor: Int32, size: Int) {
  // O_NONBLOCK: a named pipe must be refused, not waited for.
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else {
    throw FileError(path: path, reason: errno == ENOENT ? "there is no such file" : systemReason("cannot be opened"))
  }
  var status = stat()
  let refusal: String
  if fstat(descriptor, &status) != 0 {
    refusal = systemReason("cannot be read")
  } else {
    switch status.st_mode & S_IFMT {
    case S_IFREG: return (descriptor, Int(status.st_size))
    case S_IFDIR: refusal = "is a folder, not a file"
    default: refusal = "is not a regular file"
    }
  }
  close(descriptor)
  throw FileError(path: path, reason: refusal)
}

/// The bytes of the regular file at `url`.
///
/// - Parameter limit: the most bytes that a file of its kind may have; a larger one is refused before anything is read.
/// - Throws: `FileError` naming the file: missing, no regular file, larger than `limit` or than memory, unreadable.
public func readFile(at url: URL, limit: Int = .max) throws(FileError) -> Data {
  let path = url.path
  let (descriptor, size) = try openRegularFile(at: path)
  defer { close(descriptor) }
  guard size <= limit else {
    throw FileError(
      path: path, reason: "holds \(grouped(size)) bytes; such a file has \(grouped(limit)) at most", at: .byte(limit))
  }
  // Not mapped: a file that shrinks while it is read is then shorter, not the end of the process. Not `Data(count:)`
  // either, which ends the process where there is no such memory.
  // Nor is more asked for than the machine has, which some systems would promise.
  guard UInt64(size) <= ProcessInfo.processInfo.physicalMemory, let memory = malloc(max(1, size)) else {
    throw FileError(path: path, reason: "holds \(grouped(size)) bytes, for which there is no memory")
  }
  var count = 0
  while count < size {
    let got = read(descriptor, memory + count, size - count)
    if got < 0 && errno == EINTR { continue }
    guard got >= 0 else {
      let reason = systemReason("cannot be read")
      free(memory)
      throw FileError(path: path, reason: reason, at: .byte(count))
    }
    if got == 0 { break }
    count += got
  }
  return Data(bytesNoCopy: memory, count: count, deallocator: .free)
}

/// The text of the regular file at `url`, without the byte order mark that some editors put in front.
///
/// - Parameter limit: as for ``readFile(at:limit:)``.
/// - Throws: `FileError` as for ``readFile(at:limit:)``, and where the bytes are not UTF-8, with the first that is not.
public func readText(at url: URL, limit: Int = .max) throws(FileError) -> String {
  try text(of: readFile(at: url, limit: limit), path: url.path)
}

/// `file` without the byte order mark of UTF-8, where it begins with one.
public func withoutByteOrderMark(_ file: Data) -> Data {
  file.starts(with: [0xEF, 0xBB, 0xBF]) ? Data(file.dropFirst(3)) : file
}

/// What `file`, read from `path`, holds as text, without a byte order mark.
///
/// - Throws: `FileError` where the bytes are not UTF-8, with the first that is not.
func text(of file: Data, path: String) throws(FileError) -> String {
  if file.starts(with: [0xFF, 0xFE]) || file.starts(with: [0xFE, 0xFF]) {
    throw FileError(path: path, reason: "is UTF-16 text: save it as UTF-8", at: .byte(0))
  }
  let data = withoutByteOrderMark(file)
  if let text = String(validating: data, as: UTF8.self) { return text }
  // What is not UTF-8 is replaced, so that the texts part where the first of it stands.
  var offset = 0
  for (byte, repaired) in zip(data, String(decoding: data, as: UTF8.self).utf8) {
    guard byte == repaired else { break }
    offset += 1
  }
  throw FileError(path: path, reason: "is not UTF-8 text", at: .byte(offset + file.count - data.count))
}
