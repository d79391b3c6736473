#!/usr/bin/env bash
# torchvision 0.28.0 makes three sets of bytes of the same float picture: save_image rounds, ToPILImage truncates, v2.ToDtype(uint8,
# scale=True) cuts 0 ... 1 into 256 equal parts.
#
# Samples that are saved by ToPILImage are half a level darker on the average than by save_image: another set to every score. Bytes
# that went through ToTensor come back unharmed by each, so that no round trip shows it.
#
# Seen: of 0 ... 1 in steps of 1/10000, ToPILImage differs from save_image in about half of the numbers, never by more than 1, with
# a mean half a level lower; ToDtype differs from save_image in about a quarter.
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
from PIL import Image
from torchvision.transforms import ToPILImage, v2
from torchvision.utils import save_image

def ways(x):
    file = io.BytesIO()
    save_image(x, file, format="png", padding=0)
    return [np.asarray(Image.open(file))[..., 0].astype(int), np.asarray(ToPILImage()(x)).astype(int),
            v2.ToDtype(torch.uint8, scale=True)(x)[0].numpy().astype(int)]

saved, pil, cut = ways(torch.linspace(0, 1, 10000).view(1, 100, 100))
print("torchvision", torchvision.__version__, "differ from save_image: ToPILImage", (saved != pil).mean(), "ToDtype",
      (saved != cut).mean(), "means", saved.mean(), pil.mean(), cut.mean())
levels = torch.arange(256).view(1, 16, 16)
assert all((way == levels[0].numpy()).all() for way in ways(levels / 255)), "whole levels are kept by all"
assert 0.4 < (saved != pil).mean() < 0.6 and abs(saved - pil).max() == 1 and 0.4 < saved.mean() - pil.mean() < 0.6
assert 0.2 < (saved != cut).mean() < 0.3 and abs(saved - cut).max() == 1
P
env/bin/python look.py 2>/dev/null
echo "as stated"
