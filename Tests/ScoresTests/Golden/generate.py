"""Reference values for the scores of pictures, by the tools that publish them.

    pip install torch==2.13.0 torchvision==0.28.0 torch-fidelity==0.4.0 pytorch-fid==0.3.0 clean-fid==0.1.35 \\
        prdc==0.2 torchmetrics==1.9.0 scipy scikit-learn safetensors pillow==13.0.0
    python generate.py

writes golden.safetensors, the *.pth files and statistics.npz beside it.
"""
import contextlib
import io
import os
import pathlib

import numpy as np
import torch

with contextlib.suppress(RuntimeError):
    # torchvision without its operators, which nothing here calls, where it was built for another libtorch.
    _library = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _library.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import prdc
from cleanfid.resize import build_resizer
from safetensors.numpy import save_file
from torch_fidelity import feature_extractor_inceptionv3 as inception
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

import formulas

folder = pathlib.Path(__file__).parent
golden = {}


def number(name, value):
    golden[name] = np.array([value], dtype=np.float64)


# ---- the Inception network, with weights by formula, in float64 ------------------------------------------------
class Network(inception.FeatureExtractorInceptionV3):
    def load_state_dict(self, state, **keywords):
        pass


inception.load_state_dict_from_url = lambda *arguments, **keywords: None
network = Network(
    "inception-v3-compat", ["2048", "logits_unbiased", "logits"], feature_extractor_internal_dtype="float64")
state = {name: value for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
values = formulas.weights({name: tuple(value.shape) for name, value in state.items()})
with torch.no_grad():
    for name, value in state.items():
        value.copy_(torch.from_numpy(values[name]))
pictures = [formulas.picture(0, 37, 53), formulas.picture(1, 37, 53), formulas.picture(2, 320, 41)]
for index, picture in enumerate(pictures):
    x = torch.from_numpy(picture.transpose(2, 0, 1).copy())[None]
    with torch.no_grad():
        found = network(x)
    for name, value in zip(("features", "unbiased", "logits"), found):
        golden[f"inception.{index}.{name}"] = value[0].numpy()

# ---- resizing: every 41st value ---------------------------------------------------------------------------------
sizes = [(37, 53), (320, 41), (299, 299), (31, 900), (1, 1), (640, 480)]
for index, (width, height) in enumerate(sizes):
    picture = formulas.picture(10 + index, width, height)
    x = torch.from_numpy(picture.transpose(2, 0, 1).copy())[None].float()
    old = inception.interpolate_bilinear_2d_like_tensorflow1x(x, size=(299, 299), align_corners=False)
    golden[f"resizing.{index}.tensorflow-1-bilinear"] = old[0].permute(1, 2, 0).numpy().reshape(-1)[::41].copy()
    golden[f"resizing.{index}.pytorch-bilinear"] = build_resizer("legacy_pytorch")(picture).reshape(-1)[::41].copy()
    golden[f"resizing.{index}.pillow-bicubic-float32"] = build_resizer("clean")(picture).reshape(-1)[::41].copy()

# ---- scores of features ------------------------------------------------------------------------------------------
real, generated = formulas.features(1, 300, 64, 0), formulas.features(2, 200, 64, 0.0625)
with contextlib.redirect_stdout(io.StringIO()):
    r64, g64 = torch.from_numpy(real.astype(np.float64)), torch.from_numpy(generated.astype(np.float64))
    statistics = [fid_features_to_statistics(x) for x in (g64, r64)]
    number("fid", fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"])
    golden["fid.mean"], golden["fid.covariance"] = statistics[0]["mu"], statistics[0]["sigma"]
    kid = kid_features_to_metric(g64, r64, kid_subsets=20, kid_subset_size=100, verbose=False)
    number("kid.mean", kid["kernel_inception_distance_mean"])
    number("kid.deviation", kid["kernel_inception_distance_std"])
    found = prc_features_to_metric(g64, r64, verbose=False)
    number("precision.3", found["precision"])
    number("recall.3", found["recall"])
    for name, value in prdc.compute_prdc(real.astype(np.float64), generated.astype(np.float64), nearest_k=5).items():
        number(f"prdc.{name}", value)
    logits = formulas.features(3, 200, 10, 0) * np.float32(8)
    golden_logits = isc_features_to_metric(torch.from_numpy(logits))
    number("is.mean", golden_logits["inception_score_mean"])
    number("is.deviation", golden_logits["inception_score_std"])


def nuclear(a, b):
    """The Frechet distance of few rows, by singular values of centred rows in float64."""
    def centred(x):
        x = x.astype(np.float64)
        return (x - x.mean(axis=0)) / np.sqrt(len(x) - 1)
    x, y = centred(a), centred(b)
    shift = a.astype(np.float64).mean(axis=0) - b.astype(np.float64).mean(axis=0)
    root = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return shift @ shift + (x * x).sum() + (y * y).sum() - 2 * root


number("fid.few", nuclear(real[:40], generated[:30]))
number("fid.one-side-few", nuclear(real, generated[:30]))

# ---- draws -------------------------------------------------------------------------------------------------------
random = np.random.RandomState(2020)
golden["choice"] = np.concatenate([random.choice(300, 100, replace=False) for _ in range(3)]).astype(np.int64)
golden["permutation"] = np.random.RandomState(7).permutation(1000).astype(np.int64)

save_file(golden, folder / "golden.safetensors")

# ---- files of weights --------------------------------------------------------------------------------------------
small = {
    "first.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
    "turned": torch.arange(6, dtype=torch.float32).reshape(2, 3).t(),
    "half": torch.tensor([1.5, -2.0, 6e-8, 65504.0], dtype=torch.float16),
    "rounded": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
    "exact": torch.tensor([0.1, -3.0], dtype=torch.float64),
    "part": torch.arange(10, dtype=torch.float32)[3:7],
    "scalar": torch.tensor(2.5),
    "norm.num_batches_tracked": torch.tensor(3),
}


class Evil:
    def __reduce__(self):
        return (os.system, ("touch evil",))


for name, archive in (("archive", True), ("pickles", False)):
    torch.save(small, folder / f"{name}.pth", _use_new_zipfile_serialization=archive)
    torch.save(
        {"weight": torch.ones(2), "epoch": 3}, folder / f"{name}-more.pth", _use_new_zipfile_serialization=archive)
    torch.save(
        {"weight": torch.ones(2), "evil": Evil()}, folder / f"{name}-evil.pth", _use_new_zipfile_serialization=archive)
torch.save(torch.nn.Linear(2, 2), folder / "module.pth")

# ---- TorchScript ---------------------------------------------------------------------------------------------------
def script(name, body):
    """A module whose code is `body`: compiled from text, it carries no path of this file."""
    module = torch.jit._recursive.create_script_module(torch.nn.Module(), lambda _: (), share_types=False)
    module.define(f"def forward(self, x):\n    {body}\n")
    torch.jit.save(module, str(folder / name))


pooled = "torch.nn.functional.adaptive_avg_pool2d(x, [2, 2]).flatten(1)"
script("features.pt", f"return {pooled}")
script("wrong-shape.pt", "return x.mean()")
script("not-finite.pt", f"return torch.log({pooled} * 0.0 - 1.0)")

np.savez(folder / "statistics.npz", mu=statistics[1]["mu"], sigma=statistics[1]["sigma"])
