/// Test errors in percent that *Improved Techniques for Training GANs* reports for SVHN, of its training set alone:
/// table 3, mean and standard deviation over ten draws of labels.
public enum SVHNTable: FewLabelsTable {
  public static let name = "svhn"
  public static let title = "SVHN with few labels"
  public static let origin = "table 3 of \"Improved Techniques for Training GANs\""
  public static let images = "house numbers"
  public static let recipe = "svhn-semisupervised"
  public static let labelCounts = [1000]
  public static let unit = TestErrorUnit.percent
  public static let publishedEpochs: Int? = 900

  public static let oneNetwork = [
    500: PublishedFigure(18.44, 4.8), 1000: PublishedFigure(8.11, 1.3), 2000: PublishedFigure(6.16, 0.58),
  ]

  public static let ensemble = [1000: PublishedFigure(5.88, 1.0)]
}
