#!/usr/bin/env bash
# In PyTorch 2.13.0 a seed gives other noise, other dropout and other first weights where a tensor is channels-last.
#
# Uniform numbers and dropout fill the memory in its own order, so that the same numbers come to other places; normal
# ones are made by another function for each layout and have nothing in common. A change of layout that is meant to
# change speed alone changes the game: runs with and without it cannot be compared step by step, first weights, noise
# layers (StyleGAN's, instance noise on D's inputs) and dropout differ. Draw contiguous noise, and convert it after.
#
# Seen: of [2, 3, 8, 8] rand_like, dropout, randn_like and init.normal_ differ between layouts from the same seed;
# sorted the first two are the same numbers, the others not.
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
import torch
from torch import nn

def drawn(action, layout):
    x = torch.ones(2, 3, 8, 8).to(memory_format=layout)
    torch.manual_seed(0)
    return action(x)

print("torch", torch.__version__)
for name, action in (("randn_like", torch.randn_like), ("rand_like", torch.rand_like),
                     ("dropout", nn.functional.dropout), ("init.normal_", nn.init.normal_)):
    plain, last = drawn(action, torch.contiguous_format), drawn(action, torch.channels_last)
    same, sorted_same = torch.equal(plain, last), torch.equal(
        plain.flatten().sort().values, last.flatten().sort().values)
    print(f"{name}: the same in both layouts: {same}, the same numbers when sorted: {sorted_same}")
    assert not same and sorted_same == (name in ("rand_like", "dropout"))
P
env/bin/python look.py
echo "as stated"
