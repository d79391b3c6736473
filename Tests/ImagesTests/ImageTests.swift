import Files
import Foundation
import Images
import Testing

@Suite struct ImageTests {
  @Test(arguments: [(1, 1, 1), (28, 28, 1), (5, 7, 3), (300, 200, 3)])
  func roundTrip(width: Int, height: Int, channels: Int) throws {
    let image = noise(width: width, height: height, channels: channels)
    #expect(try Image(png: image.png()) == image)
  }

  /// The samples as Python's zlib and a few lines written after the PNG specification read them.
  @Test(arguments: [1, 3])
  func independentReader(channels: Int) throws {
    let reader = """
      import sys, zlib, struct
      data = open(sys.argv[1], 'rb').read()
      assert data[:8] == b'\\x89PNG\\r\\n\\x1a\\n'
      at, packed = 8, b''
      while at < len(data):
          size, kind = struct.unpack('>I4s', data[at:at + 8])
          body = data[at + 8:at + 8 + size]
          assert zlib.crc32(kind + body) == struct.unpack('>I', data[at + 8 + size:at + 12 + size])[0]
          if kind == b'IHDR': width, height, depth, colour, _, _, interlace = struct.unpack('>IIBBBBB', body)
          if kind == b'IDAT': packed += body
          at += size + 12
      assert kind == b'IEND' and depth == 8 and interlace == 0
      n = {0: 1, 2: 3}[colour]
      raw, last = zlib.decompress(packed), bytes(width * n)
      for y in range(height):
          line = raw[y * (width * n + 1):(y + 1) * (width * n + 1)]
          row = bytearray(line[1:])
          for i in range(width * n):
              a, b, c = row[i - n] if i >= n else 0, last[i], last[i - n] if i >= n else 0
              p = a + b - c
              paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
              row[i] = (row[i] + [0, a, b, (a + b) // 2, paeth][line[0]]) % 256
          print(row.hex(), end='')
          last = row
      """
    try withFolder { folder in
      let width = 19
      let noise = noise(width: width, height: 11, channels: channels)
      // Half of it smooth, so that the encoder has a reason to filter.
      let samples = noise.samples.enumerated().map {
        $0.offset < noise.samples.count / 2 ? UInt8($0.offset % 97) : $0.element
      }
      let image = try Image(width: width, height: 11, channels: channels, samples: samples)
      let file = folder.appendingPathComponent("image.png")
      try image.write(to: file)
      let hex = samples.map { String(format: "%02x", $0) }.joined()
      #expect(try python(reader, [file.path]) == hex)
      #expect(try Image(contentsOf: file) == image)
    }
  }

  /// Files with features that this library does not write, from a writer of a few lines.
  @Test(arguments: [
    // Depth, colour type, other chunks, the rows with their filter bytes, and the samples that should come of it.
    ("1, 0", "", "00a0", [255, 0, 255], 1),
    ("8, 3", "PLTE 0a0b0c 141516", "00000100", [10, 11, 12, 20, 21, 22, 10, 11, 12], 3),
    ("16, 0", "", "00" + "ffff" + "0000" + "8080", [255, 0, 128], 1),
    ("8, 4", "", "00" + "00ff" + "0000" + "ff00", [0, 255, 255], 1),
    ("8, 6", "", "00" + "010203ff" + "00000000" + "ffffffff", [1, 2, 3, 255, 255, 255, 255, 255, 255], 3),
  ])
  func otherKinds(kind: String, chunk: String, rows: String, samples: [UInt8], channels: Int) throws {
    let writer = """
      import sys, zlib, struct
      kind, extra, rows = sys.argv[2:]
      depth, colour = map(int, kind.split(','))
      chunk = lambda name, body: struct.pack('>I', len(body)) + name + body + struct.pack('>I', zlib.crc32(name + body))
      data = b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 3, 1, depth, colour, 0, 0, 0))
      if extra: data += chunk(extra[:4].encode(), bytes.fromhex(extra[5:]))
      data += chunk(b'IDAT', zlib.compress(bytes.fromhex(rows))) + chunk(b'IEND', b'')
      open(sys.argv[1], 'wb').write(data)
      """
    try withFolder { folder in
      let file = folder.appendingPathComponent("image.png")
      _ = try python(writer, [file.path, kind, chunk, rows])
      #expect(try Image(contentsOf: file) == Image(width: 3, height: 1, channels: channels, samples: samples))
    }
  }

  @Test func truncated() throws {
    let png = try noise(width: 20, height: 20, channels: 1).png()
    for count in [Int](stride(from: 0, to: png.count, by: 7)) + [png.count - 1] {
      let error = try #require(throws: ImageError.self) { try Image(png: png.prefix(count)) }
      #expect(error.reason.hasPrefix(count < 8 ? "is not a PNG file" : "is a damaged PNG file ("))
      #expect(error.offset.map { $0 <= count } == true)
    }
  }

  @Test func damaged() throws {
    var png = try noise(width: 20, height: 20, channels: 1).png()
    png[png.count / 2] ^= 0xFF
    let error = try #require(throws: ImageError.self) { try Image(png: png) }
    #expect(error.description.hasPrefix("the image is a damaged PNG file ("))
  }

  @Test func tooLarge() throws {
    var png = try noise(width: 2, height: 2, channels: 1).png()
    png.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
    let error = try #require(throws: ImageError.self) { try Image(png: png) }
    #expect(error.reason == "is too large (its header says 2147483647 x 2147483647 pixels, the limit is 67108864)")
    png.replaceSubrange(16..<24, with: [0x80, 0, 0, 0, 0, 0, 0, 1])
    #expect(throws: ImageError.self) { try Image(png: png) }
  }

  /// A header of a few bytes that claims as many pixels as are allowed must not have them.
  @Test func moreThanTheBytesCanHold() throws {
    var png = try noise(width: 2, height: 2, channels: 1).png()
    png.replaceSubrange(16..<24, with: [0, 0, 0x20, 0, 0, 0, 0x20, 0])
    png.replaceSubrange(29..<33, with: checksum(png[12..<29]))
    let error = try #require(throws: ImageError.self) { try Image(png: png) }
    #expect(error.reason.contains("8192 x 8192 pixels, more than \(png.count) bytes can hold") && error.offset == 16)
  }

  /// What compresses best is still read: 1032 bytes of one is deflate's limit.
  @Test func asFlatAsCanBe() throws {
    let image = try Image(width: 4000, height: 3000, samples: [UInt8](repeating: 0, count: 12_000_000))
    #expect(try Image(png: image.png()) == image)
  }

  @Test func errorsNameTheByte() throws {
    let png = try noise(width: 20, height: 20, channels: 1).png()
    let pixels = try #require(png.range(of: Data("IDAT".utf8))).lowerBound - 4
    var damaged = png
    damaged[pixels + 30] ^= 0xFF
    #expect(try #require(throws: ImageError.self) { try Image(png: damaged) }.offset == pixels)
    #expect(try #require(throws: ImageError.self) { try Image(png: png.prefix(pixels + 40)) }.offset == pixels)
    #expect(try #require(throws: ImageError.self) { try Image(png: png.prefix(3)) }.offset == 3)
    #expect(try #require(throws: ImageError.self) { try Image(png: Data([0x89]) + Data("PMG".utf8)) }.offset == 2)
  }

  /// The CRC-32 that ends a chunk.
  private func checksum(_ bytes: Data) -> [UInt8] {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return withUnsafeBytes(of: (~sum).bigEndian) { Array($0) }
  }

  @Test func filesThatAreNoImages() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("a.png")
      let missing = try #require(throws: FileError.self) { try Image(contentsOf: file) }
      #expect(missing.description == "\(file.path): there is no such file")
      try Data("GIF89a".utf8).write(to: file)
      let wrong = try #require(throws: FileError.self) { try Image(contentsOf: file) }
      #expect(wrong.description == "\(file.path): is a GIF picture, not PNG, JPEG or WebP (at byte 0)")
      let unwritable = file.appendingPathComponent("b.png")
      let error = try #require(throws: FileError.self) {
        try noise(width: 1, height: 1, channels: 1).write(to: unwritable)
      }
      #expect(error.path == unwritable.path && error.reason == "cannot be written (Not a directory)")
    }
  }

  /// What a program has read somewhere is refused, and ends nothing: also sizes whose product is no number.
  @Test(arguments: [
    (0, 3, 1, 0, "needs a size above 0, not 0 x 3"), (2, -1, 3, 6, "needs a size above 0, not 2 x -1"),
    (2, 2, 2, 8, "has 1 or 3 channels, not 2"), (2, 2, 0, 0, "has 1 or 3 channels, not 0"),
    (2, 2, 3, 13, "of 2 x 2 x 3 is not made of 13 samples"), (2, 2, 1, 3, "of 2 x 2 x 1 is not made of 3 samples"),
    (.max, .max, 3, 3, "of \(Int.max) x \(Int.max) x 3 is not made of 3 samples"),
    (1 << 62, 1, 3, 3, "of \(1 << 62) x 1 x 3 is not made of 3 samples"),
  ]) func samplesThatAreNoImageAreRefused(_ width: Int, _ height: Int, _ channels: Int, _ count: Int, _ reason: String)
  {
    let ofSamples = #expect(throws: ImageError.self) {
      try Image(width: width, height: height, channels: channels, samples: Array(repeating: 7, count: count))
    }
    #expect(ofSamples?.reason == reason)
    let ofPlanes = #expect(throws: ImageError.self) {
      try Image(width: width, height: height, channels: channels, planes: Array(repeating: 0.5, count: count))
    }
    #expect(ofPlanes?.reason == reason)
  }

  @Test func planes() throws {
    let grey = try Image(width: 3, height: 2, planes: [0, 0.5, 1, -1, 2, .nan])
    #expect(grey.samples == [0, 128, 255, 0, 255, 0])
    let color = try Image(width: 2, height: 1, channels: 3, planes: [-1, 1, 0, 0, 1, -1], range: -1...1)
    #expect(color.samples == [0, 128, 255, 255, 128, 0])
  }

  @Test func grid() throws {
    let images = try (1...3).map { try Image(width: 2, height: 1, samples: [UInt8($0), UInt8($0 * 10)]) }
    let grid = ImageGrid(images, columns: 2, padding: 1, scale: 2, background: 9).tiled()
    #expect(grid.width == 11 && grid.height == 7)
    #expect(
      grid.samples == [
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,  //
        9, 1, 1, 10, 10, 9, 2, 2, 20, 20, 9,  //
        9, 1, 1, 10, 10, 9, 2, 2, 20, 20, 9,  //
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,  //
        9, 3, 3, 30, 30, 9, 9, 9, 9, 9, 9,  //
        9, 3, 3, 30, 30, 9, 9, 9, 9, 9, 9,  //
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
      ])
  }

  @Test func gridOfColors() throws {
    let images = [try Image(width: 1, height: 1, channels: 3, samples: [1, 2, 3])]
    let grid = ImageGrid(images, padding: 0, scale: 2).tiled()
    #expect(try grid == Image(width: 2, height: 2, channels: 3, samples: [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]))
    let ten = ImageGrid(Array(repeating: images[0], count: 10), padding: 0).tiled()
    #expect(ten.width == 4 && ten.height == 3)
  }

  /// Images of several sizes and kinds have places of the largest; a grid of nothing is a picture too.
  @Test func gridsOfWhatDoesNotFit() throws {
    let grey = try Image(width: 2, height: 1, channels: 1, samples: [10, 20])
    let colour = try Image(width: 1, height: 2, channels: 3, samples: [1, 2, 3, 4, 5, 6])
    let grid = ImageGrid([grey, colour], columns: 2, padding: 0, background: 9).tiled()
    #expect(grid.width == 4 && grid.height == 2 && grid.channels == 3)
    #expect(
      grid.samples == [10, 10, 10, 20, 20, 20, 1, 2, 3, 9, 9, 9, 9, 9, 9, 9, 9, 9, 4, 5, 6, 9, 9, 9])
    #expect(try ImageGrid([], background: 3).tiled() == Image(width: 1, height: 1, channels: 1, samples: [3]))
    #expect(ImageGrid([grey], columns: 0, padding: -1, scale: 0).tiled() == grey)
  }
}
