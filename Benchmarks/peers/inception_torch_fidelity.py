"""Features of 32 pictures of 64 x 64 by torch-fidelity's Inception network."""

from contestant import checked, compete, options, tensors

import torch

# The wheel's compiled part may be made for another build of PyTorch; nothing here calls its operators.
library = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    try:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    except RuntimeError:
        pass

from torch_fidelity import feature_extractor_inceptionv3 as inception

torch.set_num_threads(options.threads)


class Network(inception.FeatureExtractorInceptionV3):
    def load_state_dict(self, state, **keywords):
        return super().load_state_dict(state, **keywords) if state else None


inception.load_state_dict_from_url = lambda *arguments, **keywords: None
network = Network("inception-v3-compat", ["2048", "logits_unbiased", "logits"])
if options.check:
    given = {name: torch.from_numpy(value) for name, value in tensors().items()}
    pictures = given.pop("pictures").permute(0, 3, 1, 2).to(torch.uint8)
    network.load_state_dict(given, strict=False)
else:
    pictures = torch.randint(0, 256, (32, 3, 64, 64), dtype=torch.uint8)


def run(times):
    with torch.no_grad():
        for _ in range(times):
            features = network(pictures)[0]
    return features


if options.check:
    features = run(1).double()
    checked([[features[0::2].mean(), features[1::2].mean()]] * 20)
compete(run)
