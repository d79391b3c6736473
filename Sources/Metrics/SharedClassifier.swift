import Foundation
import Torch

/// A classifier for several threads, which it serves one after the other.
public final class SharedClassifier: ImageClassifier, @unchecked Sendable {
  private let classifier: any ImageClassifier
  private let lock = NSLock()

  /// - Parameter classifier: used by nobody else from now on.
  public init(_ classifier: any ImageClassifier) { self.classifier = classifier }

  public var name: String { classifier.name }
  public var hash: String { classifier.hash }
  public var classes: Int? { lock.withLock { classifier.classes } }
  public func callAsFunction(_ images: Tensor) throws -> ClassOutputs { try lock.withLock { try classifier(images) } }
}
