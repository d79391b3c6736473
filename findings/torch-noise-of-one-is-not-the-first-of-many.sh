#!/usr/bin/env bash
# In PyTorch 2.13.0 torch.randn(1, 100) is not the first row of torch.randn(64, 100) from the same seed: its last 16
# numbers are others. The picture of seed 0 alone is not the picture of seed 0 in a grid.
#
# On the CPU 16 numbers and more are made 16 at a time, and where the count is no multiple of 16 the last 16 are drawn
# again, from numbers further on. 100 is DCGAN's size of noise. Below 16 numbers they are made by another function
# altogether: a row of 8 has nothing in common with the first of many. torch.rand has no such rule. Draw [N, 128] or
# 512, or all rows one by one.
#
# Seen: of 100 numbers those from 84 on differ; of 99 rows of 100 and 100 rows, one row differs; of [1, 8] and [64, 8]
# all 8; of [1, 128] and of torch.rand none.
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

def draw(*shape, kind=torch.randn):
    return kind(*shape, generator=torch.Generator().manual_seed(0))

def differ(size, **options):
    return (draw(1, size, **options)[0] != draw(64, size, **options)[0]).nonzero().flatten().tolist()

print("torch", torch.__version__)
print("1 row of 100 and the first of 64 rows differ at", differ(100))
rows = (draw(99, 100) != draw(100, 100)[:99]).any(1).nonzero().flatten().tolist()
print("99 rows of 100 and the first 99 of 100 rows differ in row", rows)
print("1 row of 8:", differ(8), "of 128:", differ(128), "torch.rand, of 100:", differ(100, kind=torch.rand))
assert differ(100) == list(range(84, 100)) and rows == [98]
assert differ(8) == list(range(8)) and differ(128) == [] and differ(100, kind=torch.rand) == []
P
env/bin/python look.py
echo "as stated"
