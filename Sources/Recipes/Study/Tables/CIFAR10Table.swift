/// Test errors in percent that *Improved Techniques for Training GANs* reports for CIFAR-10: table 2, mean and standard
/// deviation over ten draws of labels.
public enum CIFAR10Table: FewLabelsTable {
  public static let name = "cifar10"
  public static let title = "CIFAR-10 with few labels"
  public static let origin = "table 2 of \"Improved Techniques for Training GANs\""
  public static let images = "pictures"
  public static let recipe = "cifar10-semisupervised"
  public static let labelCounts = [4000]
  public static let unit = TestErrorUnit.percent
  public static let publishedEpochs: Int? = 1200

  public static let oneNetwork = [
    1000: PublishedFigure(21.83, 2.01), 2000: PublishedFigure(19.61, 2.09), 4000: PublishedFigure(18.63, 2.32),
    8000: PublishedFigure(17.72, 1.82),
  ]

  public static let ensemble = [
    1000: PublishedFigure(19.22, 0.54), 2000: PublishedFigure(17.25, 0.66), 4000: PublishedFigure(15.59, 0.47),
    8000: PublishedFigure(14.87, 0.89),
  ]
}
