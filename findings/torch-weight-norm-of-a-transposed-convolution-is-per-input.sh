#!/usr/bin/env bash
# PyTorch 2.13.0's weight_norm, old and new, gives a ConvTranspose2d one scale g for each *input* channel: the default
# dim=0 is the inputs of its weight [in, out, h, w]. spectral_norm knows of transposed convolutions and takes dim=1 by
# itself.
#
# Weight normalisation (Salimans and Kingma 2016) has a g for each output, and data-dependent first values scale outputs
# by it. The generator of Improved Techniques for Training GANs ends in such a layer. Built with the default it is
# another network, without an error: no g makes one colour brighter. Pass dim=1. WeightNormConvTranspose2d of swift-gan
# is per output.
#
# Seen: of 7 to 3 channels, 7 scales with either weight_norm, 3 with dim=1; doubling a scale changes all 3 outputs, with
# dim=1 the one it belongs to; spectral_norm's dim is 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OMP_NUM_THREADS=1
python3 -m venv env
install() { env/bin/pip install --quiet --disable-pip-version-check "$@"; }
install numpy==2.4.6 typing_extensions==4.16.0 sympy==1.14.0 mpmath==1.3.0 jinja2==3.1.6 MarkupSafe==3.0.4 \
  networkx==3.6.1 filelock==4.3.1 fsspec==2026.9.0 setuptools==84.2.1
install --no-deps torch==2.13.0+cpu 2>/dev/null ||
  install --no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
cat >look.py <<'P'
import warnings
import torch
from torch import nn
warnings.simplefilter("ignore")

def scale(layer):
    """The parameter g."""
    return next(p for p in layer.parameters() if p.dim() == 4 and p.numel() == max(p.shape))

def changed_outputs(layer):
    """How many channels another first scale changes."""
    x = torch.randn(2, 7, 5, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = layer(x)
        scale(layer).view(-1)[0] *= 2
        return int(((layer(x) - before).abs().amax((0, 2, 3)) > 1e-6).sum())

print("torch", torch.__version__)
found = {}
for name, norm in (("utils", nn.utils.weight_norm), ("parametrizations", nn.utils.parametrizations.weight_norm)):
    for options in ({}, {"dim": 1}):
        torch.manual_seed(0)
        layer = norm(nn.ConvTranspose2d(7, 3, 4), **options)
        found[name, *options.values()] = (scale(layer).numel(), changed_outputs(layer))
        print(f"{name}.weight_norm{options or ''}: {found[name, *options.values()][0]} scales of 7 to 3 channels,",
              f"the first changes {found[name, *options.values()][1]} outputs")
dim = nn.utils.parametrizations.spectral_norm(nn.ConvTranspose2d(7, 3, 4)).parametrizations.weight[0].dim
print("parametrizations.spectral_norm: dim", dim)
assert found == {(name, *rest): seen for name in ("utils", "parametrizations")
                 for rest, seen in (((), (7, 3)), ((1,), (3, 1)))}, found
assert dim == 1
P
env/bin/python look.py
