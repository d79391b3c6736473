#!/usr/bin/env bash
# A grey PNG of 16 bits, as microscopes, telescopes and CT make them, is read in three ways: by Pillow 13.0.0's convert("RGB") and
# convert("L") white in all but its darkest 1/256, by torchvision 0.28.0's ToTensor as int16, negative above the middle, and by its
# v2 transforms rightly.
#
# convert("RGB") is what torchvision's ImageFolder, pytorch-fid and clean-fid do first, so that such a data set is a set of white
# pictures, for training and for scores. ToTensor's "0 ... 1" is -32640 ... 32639 here. No error, no warning.
#
# Seen: of a picture with the 256 levels 257 n Pillow's both conversions give 0 once and 255 255 times; ToTensor int16 of
# -32640 ... 32639; v2.ToImage and ToDtype(float32, scale=True) 0 ... 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OMP_NUM_THREADS=1
python3 -m venv env
install() { env/bin/pip install --quiet --disable-pip-version-check "$@"; }
install numpy==2.4.6 typing_extensions==4.16.0 sympy==1.14.0 mpmath==1.3.0 jinja2==3.1.6 MarkupSafe==3.0.4 networkx==3.6.1 \
  filelock==4.3.1 fsspec==2026.9.0 setuptools==84.2.1
install --no-deps torch==2.13.0+cpu 2>/dev/null ||
  install --no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
install --no-deps torchvision==0.28.0 pillow==13.0.0
cat >look.py <<'P'
import io
import numpy as np, torch
# PyPI's torchvision wants CUDA's libraries for its C++ part, which nothing here needs: only these names are missing.
names = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    names.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import torchvision
from PIL import Image, __version__
from torchvision.transforms import ToTensor, v2

file = io.BytesIO()
Image.fromarray((np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)).save(file, "PNG")
picture = Image.open(file)
counts = {mode: [int((np.asarray(picture.convert(mode)) == level).sum()) for level in (0, 255)] for mode in ("L", "RGB")}
old = ToTensor()(picture)
new = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])(picture)
print("Pillow", __version__, picture.mode, "bytes that are 0 and 255 after convert:", counts)
print("torchvision", torchvision.__version__, "ToTensor", old.dtype, old.min().item(), "...", old.max().item(),
      "v2", new.dtype, new.min().item(), "...", new.max().item())
assert picture.mode == "I;16" and counts == {"L": [1, 255], "RGB": [3, 765]}
assert (old.dtype, old.min().item(), old.max().item()) == (torch.int16, -32640, 32639)
assert (new.dtype, new.min().item(), new.max().item()) == (torch.float32, 0, 1)
P
env/bin/python look.py 2>/dev/null
echo "as stated"
