#!/usr/bin/env bash
# In PyTorch 2.13.0 to read m.weight of a layer under parametrizations.spectral_norm in train() changes the layer: each
# reading takes a step of the power iteration, under no_grad and inference_mode as well.
#
# Code that writes down the size of weights, draws their histogram or compares two networks makes another run of it: the
# next forward pass divides by another sigma. The older torch.nn.utils.spectral_norm steps in the forward pass alone.
# Read in eval(), or read m.parametrizations.weight.original.
#
# Seen: two readings in a row differ, and the output of a pass is other after 1 reading than after none, by more than 1
# %; with the older one, and in eval(), nothing changes.
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
import copy, warnings
import torch
from torch import nn
warnings.simplefilter("ignore")

def looked(norm, mode):
    torch.manual_seed(0)
    layer = norm(nn.Linear(64, 64))
    layer.train(mode)
    other = copy.deepcopy(layer)
    x = torch.randn(8, 64)
    with torch.inference_mode():
        first, second = layer.weight.clone(), layer.weight.clone()
    with torch.no_grad():
        a, b = layer.train()(x), other.train()(x)
    return torch.equal(first, second), ((a - b).norm() / b.norm()).item()

print("torch", torch.__version__)
new, still = (looked(nn.utils.parametrizations.spectral_norm, mode) for mode in (True, False))
old = looked(nn.utils.spectral_norm, True)
for name, (same, change) in (("parametrizations, train()", new), ("parametrizations, eval()", still),
                             ("older, train()", old)):
    print(f"{name}: two readings are the same: {same}; the output changes by {change:.2g} of itself")
assert not new[0] and new[1] > 0.01 and still == (True, 0) and old == (True, 0)
P
env/bin/python look.py
echo "as stated"
