import Datasets
import Files
import Foundation
import Testing

/// Data sets in IDX files that are not MNIST's own: other sizes, colours, classes and names.
@Suite struct IDXDataSetTests {
  private func withFiles<T>(_ files: [String: Data], _ body: (URL) throws -> T) throws -> T {
    try withFolder { folder throws in
      for (name, data) in files {
        let url = folder.appendingPathComponent(name)
        try makeFolder(at: url.deletingLastPathComponent())
        try data.write(to: url)
      }
      return try body(folder)
    }
  }

  private let three = idx([3, 2, 4], (0..<24).map { UInt8($0) })

  // MARK: Axes

  @Test func lastAxisOfOne() throws {
    let files = [
      "train-images-idx3-ubyte": idx([3, 2, 4, 1], Array(0..<24)), "train-labels-idx1-ubyte": idx([3, 1], [0, 1, 2]),
    ]
    try withFiles(files) { folder throws in
      let read = try MNIST.load(directory: folder, split: .train)
      #expect(read.shape == [3, 1, 2, 4] && read.bytes == Array(0..<24) && read.labels == [0, 1, 2])
    }
  }

  @Test(arguments: [
    // [N, C, H, W] as it is, and [N, H, W, C] turned into it.
    ([2, 3, 2, 5] as [UInt32], [2, 3, 2, 5], false), ([2, 2, 5, 3], [2, 3, 2, 5], true),
    ([2, 1, 6, 5], [2, 1, 6, 5], false),
    // Both may be meant: the last axis counts.
    ([2, 3, 5, 3], [2, 3, 3, 5], true), ([2, 3, 5, 1], [2, 1, 3, 5], true),
  ])
  func colour(stated: [UInt32], read: [Int], isTurned: Bool) throws {
    let bytes = (0..<Int(stated.reduce(1, *))).map { UInt8($0) }
    try withFiles(["train-images-idx3-ubyte": idx(stated, bytes)]) { folder throws in
      let images = try MNIST.load(directory: folder, split: .train, requiresLabels: false)
      #expect(images.shape == read)
      let (channels, plane) = (read[1], read[2] * read[3])
      let expected = bytes.indices.map { index in
        guard isTurned else { return bytes[index] }
        let (image, channel, pixel) = (index / (channels * plane), index / plane % channels, index % plane)
        return bytes[(image * plane + pixel) * channels + channel]
      }
      #expect(images.bytes == expected)
    }
  }

  @Test func channelsThatNoImageHas() throws {
    try withFiles(["train-images-idx3-ubyte": idx([1, 2, 5, 5], [UInt8](repeating: 0, count: 50))]) { folder throws in
      let error = try fileError { _ = try MNIST.load(directory: folder, split: .train, requiresLabels: false) }
      #expect(error.reason.hasPrefix("has the shape [1, 2, 5, 5], where images with channels have 1 or 3 of them"))
    }
  }

  // MARK: Labels

  @Test func withoutALabelsFileWhereLabelsAreOfNoInterest() throws {
    try withFiles(["train-images-idx3-ubyte": three]) { folder throws in
      let images = try MNIST.load(directory: folder, split: .train, requiresLabels: false)
      #expect(images.bytes == (0..<24).map { UInt8($0) } && images.shape == [3, 1, 2, 4])
      #expect(try fileError { _ = try MNIST.load(directory: folder, split: .train) }.reason.contains("train labels"))
    }
    // One that is there is not looked at either.
    try withFiles(["train-images-idx3-ubyte": three, "train-labels-idx1-ubyte": Data("<html>".utf8)]) { folder throws in
      #expect(try MNIST.load(directory: folder, split: .train, requiresLabels: false).shape == [3, 1, 2, 4])
    }
  }

  @Test(arguments: [
    ([0, 1, 1] as [UInt8], [1, 0] as [UInt8], 2), ([1, 26, 3], [2, 2], 27), ([0, 1, 1], [2, 0], 3),
    ([9, 0, 255], [0, 0], 256),
  ])
  func classesAreThoseOfBothSplits(train: [UInt8], test: [UInt8], classes: Int) throws {
    let files = [
      "train-images-idx3-ubyte": three, "train-labels-idx1-ubyte": idx([3], train),
      "t10k-images-idx3-ubyte": idx([2, 2, 4], Array(0..<16)), "t10k-labels-idx1-ubyte": idx([2], test),
    ]
    try withFiles(files) { folder throws in
      #expect(try MNIST.load(directory: folder, split: .train).classes == classes)
      #expect(try MNIST.load(directory: folder, split: .test).classes == classes)
      #expect(try MNIST.load(directory: folder, split: .test).labels == test.map(Int32.init))
    }
  }

  @Test func labelsOfSetsWithKnownClasses() throws {
    let files = ["train-images-idx3-ubyte": three, "train-labels-idx1-ubyte": idx([3], [9, 0, 10])]
    try withFiles(files) { folder throws in
      for source in [FashionMNIST.Source(), KMNIST.Source()] as [any ImageSource] {
        let error = try fileError { _ = try source.open(at: folder, .train) }
        #expect(error.path == folder.path + "/train-labels-idx1-ubyte")
        #expect(error.reason == "has the label 10 at index 2, outside 0...9")
      }
    }
    try withFiles(["train-images-idx3-ubyte": three, "train-labels-idx1-ubyte": idx([3], [9, 0, 1])]) { folder throws in
      #expect(try FashionMNIST.load(directory: folder, split: .train).classes == 10)
      #expect(
        try fileError { _ = try KMNIST.load(directory: folder, split: .test) }.reason.hasSuffix(
          "`gan data get kmnist` fetches them"))
    }
  }

  @Test func testImagesOfAnotherFormAreRefused() throws {
    let place = URL(fileURLWithPath: "/data")
    func set(_ height: Int, _ channels: Int, _ classes: Int) throws -> LabelledImages {
      try LabelledImages(
        images: [UInt8](repeating: 0, count: channels * height * 2), labels: [0], height: height, width: 2,
        channels: channels, classes: classes)
    }
    try set(3, 1, 4).requireTestable(after: set(3, 1, 5), at: place)
    #expect(
      try fileError { try set(3, 3, 5).requireTestable(after: set(4, 1, 5), at: place) }.description
        == "/data: holds training images of 2 x 4 pixels in 1 channel, and test images of 2 x 3 pixels in 3 channels")
    #expect(
      try fileError { try set(3, 1, 6).requireTestable(after: set(3, 1, 5), at: place) }.reason
        == "holds training images of 5 classes, and test images of 6")
  }

  // MARK: Other names

  @Test func lettersOfEMNISTAreTurnedUprightAndCountFromZero() throws {
    let files = [
      // A picture of two rows and three columns, column by column: 0 3, 1 4, 2 5.
      "emnist-letters-train-images-idx3-ubyte.gz": gzip(idx([2, 3, 2], [0, 3, 1, 4, 2, 5, 10, 13, 11, 14, 12, 15])),
      "emnist-letters-train-labels-idx1-ubyte.gz": gzip(idx([2], [1, 26])),
    ]
    try withFiles(files) { folder throws in
      let letters = try EMNIST.load(directory: folder, split: .train, selection: .letters)
      #expect(letters.shape == [2, 1, 2, 3] && letters.bytes == [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15])
      #expect(letters.labels == [0, 25] && letters.classes == 26)
      #expect(try EMNIST.Source(selection: .letters).open(at: folder, .train) == letters)
      let error = try fileError { _ = try EMNIST.load(directory: folder, split: .test, selection: .byclass) }
      #expect(error.reason.contains("emnist-byclass-test-images-idx3-ubyte"))
    }
    try withFiles(files.merging(["emnist-letters-train-labels-idx1-ubyte.gz": idx([2], [0, 3])]) { $1 }) {
      folder throws in
      let error = try fileError { _ = try EMNIST.load(directory: folder, split: .train, selection: .letters) }
      #expect(error.reason == "has the label 0 at index 0, outside 1...26")
    }
  }

  @Test(arguments: zip(EMNIST.Selection.allCases, [47, 62, 47, 10, 26, 10]))
  func selectionsHaveSoManyClasses(selection: EMNIST.Selection, classes: Int) {
    #expect(Set(EMNIST.classNames(selection)).count == classes)
    #expect(EMNIST.Source(selection: selection).published?.classes == classes)
  }

  @Test func labelsOfQMNISTAreTheFirstOfEightColumns() throws {
    let columns: [Int32] = [7, 1, 2, 3, 4, 5, 6, -1, 2, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 1 << 30]
    let numbers = columns.flatMap { number in withUnsafeBytes(of: number.bigEndian) { Array($0) } }
    let files = [
      "qmnist-test-images-idx3-ubyte": three, "qmnist-test-labels-idx2-int": idx([3, 8], numbers, type: 0x0c),
    ]
    try withFiles(files) { folder throws in
      let digits = try QMNIST.load(directory: folder, split: .test)
      #expect(digits.labels == [7, 2, 9] && digits.classes == 10)
    }
    let negative = [UInt8](repeating: 0xff, count: 4) + numbers.dropFirst(4)
    try withFiles(files.merging(["qmnist-test-labels-idx2-int": idx([3, 8], negative, type: 0x0c)]) { $1 }) {
      folder throws in
      let error = try fileError { _ = try QMNIST.load(directory: folder, split: .test) }
      #expect(error.reason == "has the label -1 at index 0, outside 0...9")
    }
    try withFiles(
      files.merging(["qmnist-test-labels-idx2-int": idx([3, 8], Array(numbers.dropLast()), type: 0x0c)]) { $1 }
    ) { folder throws in
      let error = try fileError { _ = try QMNIST.load(directory: folder, split: .test) }
      #expect(error.reason == "holds 107 of 108 bytes that its shape [3, 8] takes")
    }
  }

  @Test func aFolderOfTheFilesNameHoldsTheFile() throws {
    let inner = [
      "train-images-idx3-ubyte/train-images-idx3-ubyte": three, "train-labels.idx1-ubyte": idx([3], [1, 2, 3]),
      "train-labels-idx1-ubyte/other": Data(),
    ]
    try withFiles(inner) { folder throws in
      #expect(try MNIST.load(directory: folder, split: .train).labels == [1, 2, 3])
    }
  }
}
