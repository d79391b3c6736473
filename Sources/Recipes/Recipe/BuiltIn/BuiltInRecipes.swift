import Datasets
import GAN
import NN
import Settings

extension Recipe {
  /// The recipes that come with the software, in the order in which they are listed.
  public static let builtIn: [Recipe] = [
    .mnist, .mnistFeatureMatching, .mnistSemiSupervised, .mnistSemiSupervisedFast, .oneDimensional, .twoDimensional,
    .dcgan32, .dcgan64, .cifar10SemiSupervised, .cifar10SemiSupervisedFast, .svhnSemiSupervised,
    .svhnSemiSupervisedFast, .cifar10Minibatch, .imageNet128, .r3gan32,
    .pictures,
  ]

  /// The built-in recipe of that name.
  public static func named(_ name: String) -> Recipe? { builtIn.first { $0.name == name } }
}
