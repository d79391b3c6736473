/// The networks that scores of pictures are a function of, as they are passed on.
public enum FeatureNetworks {
  /// FID's Inception network of 2015-12-05 as PyTorch's weights: those of pytorch-fid and torch-fidelity.
  public static let inception = PublishedDataSet(
    name: "inception", title: "FID's Inception network",
    files: [
      RemoteFile(
        name: "pt_inception-2015-12-05-6726825d.pth", size: 95_628_359,
        sha256: "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2")
    ], mirrors: ["https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"])

  /// The same as TorchScript: that of stylegan2-ada, stylegan3 and clean-fid.
  public static let inceptionScript = PublishedDataSet(
    name: "inception-torchscript", title: "FID's Inception network as TorchScript",
    files: [
      RemoteFile(
        name: "inception-2015-12-05.pt", size: 95_607_719,
        sha256: "f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4")
    ], mirrors: ["https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/metrics/"], folder: "inception")

  /// VGG16 as TorchScript, by which the published precision and recall are: that of stylegan2-ada and its kin.
  /// NVIDIA's server says how large it is.
  public static let vgg16 = PublishedDataSet(
    name: "vgg16", title: "VGG16 as TorchScript",
    files: [
      RemoteFile(
        name: "vgg16.pt", size: nil, sha256: "b437eb095feaeb0b83eb3fa11200ebca4548ee39a07fb944a417ddc516cc07c3")
    ], mirrors: ["https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/metrics/"])

  /// Each of them.
  public static let all = [inception, inceptionScript, vgg16]
}
