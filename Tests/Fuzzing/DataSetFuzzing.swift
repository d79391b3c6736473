import Datasets
import Files
import Foundation
import Images

/// The readers of published data sets: what they accept must be what the bytes say.
extension FuzzTarget {
  /// The memory that a data set's file of so many bytes may take.
  func dataSetAllowance(_ count: Int) -> Int {
    let megabyte = 1 << 20
    switch self {
    // A batch of CIFAR holds 30 MB at most, however well it is packed; it is there three times while its array grows.
    // xz data state what they need.
    case .cifar: return 80 * megabyte + min(4 * 1032 * count, 100 * megabyte)
    case .tar: return 8 * megabyte + min(4 * 1032 * count, 100 * megabyte)
    // A value for every byte, and arrays that are as long as their strings.
    case .pickle: return 8 * megabyte + 200 * count
    // The same, and what JSON becomes: limited by the names of the files.
    case .pictures: return 16 * megabyte + 4 * 1032 * count
    case .npz, .npy, .mat: return 8 * megabyte + 4 * 1032 * count
    default: preconditionFailure("\(self) is no data set")
    }
  }

  func checkDataSet(_ bytes: Data, in folder: FuzzFolder) throws {
    switch self {
    case .cifar:
      let file = try folder.file("test_batch.bin", bytes)
      guard let images = try value(of: file, { try CIFAR10.load(directory: folder.url, split: .test) }) else { return }
      guard !bytes.starts(with: [0x1f, 0x8b]) && !bytes.starts(with: [0xfd]) else { return }
      let records = zip(images.labels ?? [], 0...).reduce(into: Data()) { data, label in
        data.append(UInt8(label.0))
        data += images.images[label.1 * 3072..<(label.1 + 1) * 3072]
      }
      try require(records == bytes, "other records than the file's")
    case .pickle:
      let file = try folder.file("test_batch", bytes)
      guard let images = try value(of: file, { try CIFAR10.load(directory: folder.url, split: .test) }) else { return }
      try require(images.shape == [images.labels?.count ?? 0, 3, 32, 32], "images of shape \(images.shape)")
      try require(images.labels?.allSatisfy { $0 < 10 } == true, "a label outside its classes")
    case .tar:
      let file = try folder.file("cifar-10-binary.tar.gz", bytes)
      guard let images = try value(of: file, { try CIFAR10.load(directory: folder.url, split: .test) }) else { return }
      try require(images.shape == [images.labels?.count ?? 0, 3, 32, 32], "images of shape \(images.shape)")
    case .npz:
      try checkMedMNIST(bytes, in: folder)
    case .npy:
      // Images and labels with a line `---` between them, as files of an archive whose checksums are right.
      let end = bytes.range(of: Data("---\n".utf8))
      let parts = [
        ("train_images.npy", Data(bytes.prefix(upTo: end?.lowerBound ?? bytes.endIndex))),
        ("train_labels.npy", Data(bytes.suffix(from: end?.upperBound ?? bytes.endIndex))),
      ]
      try checkMedMNIST(StoredZip.archive(parts), in: folder)
    case .mat:
      let file = try folder.file("train_32x32.mat", bytes)
      guard let images = try value(of: file, { try SVHN.load(directory: folder.url, part: .train) }) else { return }
      try require(images.channels == 3, "images of shape \(images.shape)")
      try require(images.labels?.allSatisfy { $0 < 10 } == true, "a label outside its classes")
      try require(images.images.count == images.shape.reduce(1, *), "\(images.images.count) pixels")
    case .pictures:
      let file = try folder.file("pictures.zip", bytes)
      guard let scan = try value(of: file, { try PictureScan(pictureContainer(at: file), PictureSettings()) }) else {
        return
      }
      let names = scan.pictures.map(\.file.name)
      try require(Set(names).count == names.count && !names.isEmpty, "the pictures \(names)")
      try require(
        names.allSatisfy { !$0.split(separator: "/").contains("..") && !$0.hasPrefix("/") }, "a name that leads out")
      try require(
        scan.pictures.allSatisfy { $0.width > 0 && $0.height > 0 && $0.width * $0.height <= Image.pixelLimit },
        "a picture of no size that is read")
      let labels = scan.pictures.compactMap(\.label)
      try require(
        labels.isEmpty || labels.count == names.count, "labels for \(labels.count) of \(names.count) pictures")
      try require(labels.allSatisfy { $0 >= 0 && $0 < scan.classNames?.count ?? 0 }, "the labels \(labels)")
    default: break
    }
  }

  private func checkMedMNIST(_ bytes: Data, in folder: FuzzFolder) throws {
    let file = try folder.file("pathmnist.npz", bytes)
    guard let images = try value(of: file, { try MedMNIST.load(file, part: .train) }) else { return }
    try require(images.images.count == images.shape.reduce(1, *), "\(images.images.count) pixels")
    try require(images.labels?.count == images.shape[0], "labels of another count")
    try require(images.labels?.allSatisfy { $0 < 9 } == true, "a label outside its classes")
  }
}

/// A zip archive whose files are stored as they are.
enum StoredZip {
  static func archive(_ files: [(name: String, data: Data)]) -> Data {
    func little(_ value: Int, _ count: Int) -> Data { Data((0..<count).map { UInt8(value >> (8 * $0) & 0xff) }) }
    var body = Data()
    var directory = Data()
    for (name, data) in files {
      let sum = Data(PNGChecksum.of(data).reversed())
      var common = little(20, 2) + little(0, 8)
      common += sum + little(data.count, 4) + little(data.count, 4)
      common += little(name.utf8.count, 2) + little(0, 2)
      directory += Data("PK\u{1}\u{2}".utf8) + little(20, 2) + common
      directory += little(0, 10) + little(body.count, 4) + Data(name.utf8)
      body += Data("PK\u{3}\u{4}".utf8) + common + Data(name.utf8) + data
    }
    var end = Data("PK\u{5}\u{6}".utf8) + little(0, 4)
    end += little(files.count, 2) + little(files.count, 2)
    end += little(directory.count, 4) + little(body.count, 4) + little(0, 2)
    return body + directory + end
  }
}
