import Datasets
import GAN
import NN
import Settings

extension Recipe {
  /// The recipes that come with the software, in the order in which they are listed.
  public static let builtIn: [Recipe] = [
    .mnist, .mnistFeatureMatching, .mnistSemiSupervised, .mnistSemiSupervisedFast, .oneDimensional, .twoDimensional,
    .dcgan32, .cifar10SemiSupervised, .cifar10Minibatch, .r3gan32,
  ]

  /// The built-in recipe of that name.
  public static func named(_ name: String) -> Recipe? { builtIn.first { $0.name == name } }
}
