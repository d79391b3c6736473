/// Test errors of 10 000 that *Improved Techniques for Training GANs* reports for permutation-invariant MNIST: table 1,
/// mean and standard deviation over ten draws of labels.
enum PublishedTable {
  struct Figure {
    let mean: Double
    let deviation: Double
  }

  static let oneNetwork: [Int: Figure] = [
    20: Figure(mean: 1677, deviation: 452), 50: Figure(mean: 221, deviation: 136),
    100: Figure(mean: 93, deviation: 6.5), 200: Figure(mean: 90, deviation: 4.2),
  ]

  /// Ten networks together.
  static let ensemble: [Int: Figure] = [
    20: Figure(mean: 1134, deviation: 445), 50: Figure(mean: 142, deviation: 96),
    100: Figure(mean: 86, deviation: 5.6), 200: Figure(mean: 81, deviation: 4.3),
  ]
}
