import Datasets
import Files
import Foundation
import Metrics

extension FeatureStatistics {
  /// Reads a file of statistics as pytorch-fid, TTUR and clean-fid exchange them: an `.npz` with `mu` [D] and `sigma`
  /// [D, D]. ``count`` is that of `n`, which this program writes beside them, if it is there.
  ///
  /// - Parameter dimensions: which D is wanted; any, where it is nil.
  /// - Throws: `FileError`: not such a file, other dimensions, numbers that are not finite, a covariance that is not
  ///   symmetric.
  public init(contentsOf url: URL, dimensions: Int? = nil) throws {
    let arrays = try NumberArchive.read(["mu", "sigma"], from: url)
    let (mean, covariance) = (arrays[0], arrays[1])
    func refused(_ reason: String) -> FileError { FileError(path: url.path, reason: reason) }
    guard mean.shape.count == 1, covariance.shape == [mean.shape[0], mean.shape[0]] else {
      throw refused("holds 'mu' of shape \(mean.shape) and 'sigma' of shape \(covariance.shape), not [D] and [D, D]")
    }
    let size = mean.shape[0]
    if let dimensions, size != dimensions {
      throw refused(
        "holds statistics of \(grouped(size)) dimensions; the network makes features of \(grouped(dimensions))")
    }
    guard mean.values.allSatisfy(\.isFinite), covariance.values.allSatisfy(\.isFinite) else {
      throw refused("holds numbers that are not finite")
    }
    for row in 0..<size {
      guard covariance.values[row * size + row] >= 0 else { throw refused("holds a 'sigma' with a negative variance") }
      for column in 0..<row {
        let (a, b) = (covariance.values[row * size + column], covariance.values[column * size + row])
        // As another order of additions may leave them.
        guard Swift.abs(a - b) <= 1e-6 * max(1e-12, Swift.abs(a), Swift.abs(b)) + 1e-12 else {
          throw refused("holds a 'sigma' that is not symmetric")
        }
      }
    }
    let count =
      try NumberArchive.names(in: url).contains("n") ? NumberArchive.read(["n"], from: url)[0].values.first : nil
    try self.init(
      mean: mean.values, covariance: covariance.values,
      count: count.flatMap { $0 >= 1 && $0 < 1e15 ? Int($0) : nil })
  }

  /// Writes such a file.
  ///
  /// - Throws: `FileError` with the system's reason, such as a full disk.
  public func write(to url: URL) throws {
    var arrays = [
      NumberArchive.Array(name: "mu", shape: [dimensions], values: mean),
      NumberArchive.Array(name: "sigma", shape: [dimensions, dimensions], values: covariance),
    ]
    if let count { arrays.append(NumberArchive.Array(name: "n", shape: [1], values: [Double(count)])) }
    try NumberArchive.write(arrays, to: url)
  }
}
