/// Fashion-MNIST with few labels, by the networks that are played on MNIST. Nobody has published such a table: there
/// are only our own figures.
public enum FashionMNISTTable: FewLabelsTable {
  public static let name = "fashion-mnist"
  public static let title = "Fashion-MNIST with few labels"
  public static let origin = "a table that nobody has published"
  public static let images = "pictures of clothes"
  public static let recipe = "mnist-semisupervised-fast"
  public static let labelCounts = [100, 1000]
  public static let unit = TestErrorUnit.percent
  public static let publishedEpochs: Int? = nil
  public static let oneNetwork: [Int: PublishedFigure] = [:]
  public static let ensemble: [Int: PublishedFigure] = [:]
}
