/// Test errors of 10 000 that *Improved Techniques for Training GANs* reports for permutation-invariant MNIST: table 1,
/// mean and standard deviation over ten draws of labels.
public enum MNISTTable: FewLabelsTable {
  public static let name = "mnist"
  public static let title = "MNIST with few labels"
  public static let origin = "table 1 of \"Improved Techniques for Training GANs\""
  public static let images = "digits"
  public static let recipe = "mnist-semisupervised-fast"
  public static let labelCounts = [100]
  public static let unit = TestErrorUnit.errors
  public static let publishedEpochs: Int? = 300

  public static let oneNetwork = [
    20: PublishedFigure(1677, 452), 50: PublishedFigure(221, 136), 100: PublishedFigure(93, 6.5),
    200: PublishedFigure(90, 4.2),
  ]

  public static let ensemble = [
    20: PublishedFigure(1134, 445), 50: PublishedFigure(142, 96), 100: PublishedFigure(86, 5.6),
    200: PublishedFigure(81, 4.3),
  ]
}
