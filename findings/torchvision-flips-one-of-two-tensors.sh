#!/usr/bin/env bash
# torchvision 0.28.0's v2 transforms, given a pair of tensors, change the first alone; beside a PIL picture no tensor.
#
# Pairs are what pix2pix and other image-to-image GANs train on, and what v2 says it is for: transform(a, b) takes any
# number of inputs and draws once. Of plain tensors it takes the first for the picture and passes the others by: half of
# the pairs no longer belong together, shapes agree, nothing is said. Wrap each in torchvision.tv_tensors.Image.
#
# Seen: RandomHorizontalFlip(p=1) of two equal tensors, also as a dict, returns two that differ; of a PIL picture and a
# tensor the picture alone is flipped; two tv_tensors.Image stay equal.
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
install --no-deps torchvision==0.28.0 pillow==13.0.0
cat >look.py <<'P'
import torch
# PyPI's torchvision wants CUDA's libraries for its C++ part, which nothing here needs: only these names are missing.
names = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    names.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import torchvision
from torchvision import tv_tensors
from torchvision.transforms import v2

x = torch.arange(12.0).view(1, 3, 4) / 12
flip = v2.RandomHorizontalFlip(p=1)
a, b = flip(x, x.clone())
pair = flip({"photo": x, "map": x.clone()})
picture, beside = flip(v2.functional.to_pil_image(x), x)
c, d = flip(tv_tensors.Image(x), tv_tensors.Image(x.clone()))
found = {"two tensors": [torch.equal(t, x.flip(-1)) for t in (a, b)],
         "a dict": [torch.equal(t, x.flip(-1)) for t in pair.values()],
         "PIL and a tensor": [torch.equal(v2.functional.pil_to_tensor(picture), v2.functional.pil_to_tensor(
             v2.functional.to_pil_image(x)).flip(-1)), torch.equal(beside, x.flip(-1))],
         "two tv_tensors.Image": [torch.equal(t, x.flip(-1)) for t in (c, d)]}
print("torchvision", torchvision.__version__, "flipped:", found)
assert found.pop("two tv_tensors.Image") == [True, True]
assert all(f == [True, False] for f in found.values())
P
env/bin/python look.py 2>/dev/null
echo "as stated"
