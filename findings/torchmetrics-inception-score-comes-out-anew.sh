#!/usr/bin/env bash
# torchmetrics 1.9.0's InceptionScore of the same pictures is another one each time, and to ask for it changes the
# training after.
#
# It puts the features in a random order before it cuts them into its splits, by torch's global generator: two objects
# that were given the same pictures differ by as much as an improvement would, and what a training step draws next is
# not what it would have drawn unscored. torch-fidelity has a seed of its own for that. Splits are also cut by
# torch.chunk: 12 pictures in 10 splits make 6, and 101 make one of 2 pictures among those of 11, which counts as much
# and cannot score above 2.
#
# Seen: three objects, the same 100 pictures, three scores; torch.rand after a score is another than without; 6 splits
# of 12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OMP_NUM_THREADS=1
python3 -m venv env
install() { env/bin/pip install --quiet --disable-pip-version-check "$@"; }
install numpy==2.4.6 typing_extensions==4.16.0 sympy==1.14.0 mpmath==1.3.0 jinja2==3.1.6 MarkupSafe==3.0.4 \
  networkx==3.6.1 filelock==4.3.1 fsspec==2026.9.0 setuptools==84.2.1 packaging==26.4
install --no-deps torch==2.13.0+cpu 2>/dev/null ||
  install --no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
install --no-deps torchmetrics==1.9.0 lightning-utilities==0.15.3
cat >score.py <<'P'
import warnings
import torch
from torch import nn
import torchmetrics
from torchmetrics.image.inception import InceptionScore
warnings.simplefilter("ignore")

class Logits(nn.Module):
    """In the place of Inception-v3, whose weights would have to be fetched."""
    def forward(self, x):
        return x.float().flatten(1)[:, :10] / 64

pictures = torch.randint(0, 256, (101, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))

def metric(count, splits=10):
    it = InceptionScore(feature=Logits(), splits=splits)
    it.update(pictures[:count])
    return it

torch.manual_seed(0)
scores = [metric(100).compute()[0].item() for _ in range(3)]
draws = []
for scored in (False, True):
    it = metric(100)
    torch.manual_seed(1)
    if scored:
        it.compute()
    draws.append(torch.rand(4))
moved = not torch.equal(*draws)
chunk, sizes = torch.Tensor.chunk, []
def counted(x, *arguments, **named):
    parts = chunk(x, *arguments, **named)
    sizes.append([len(p) for p in parts])
    return parts
torch.Tensor.chunk = counted
for count in (12, 101):
    metric(count).compute()
torch.Tensor.chunk = chunk
few, uneven = sizes[0], sizes[-1]
print("torchmetrics", torchmetrics.__version__, "scores of the same pictures:", [round(s, 4) for s in scores])
print("the next draw changes:", moved, "| splits of 12 pictures:", few, "| of 101:", uneven)
assert len(set(scores)) == 3 and max(scores) - min(scores) > 1e-3 and moved
assert few == [2] * 6 and uneven == [11] * 9 + [2]
P
env/bin/python score.py 2>/dev/null
echo "as stated"
