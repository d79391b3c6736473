#!/usr/bin/env bash
# PyTorch 2.13.0 takes 64-bit seeds, returns all 64 bits from initial_seed(), and on the CPU uses the lower 32 alone.
#
# Seeds that are made of two numbers, (run << 32) + rank, or (seed << 32) + picture with few pictures, or a hash whose
# upper half tells runs apart, are the same noise, the same weights and the same order of examples. random.Random and
# NumPy tell such seeds apart.
#
# Seen: torch.randn, torch.randperm of seeds 5, 5 + 2^32, 5 + 7 * 2^40 and 5 - 2^32 are equal.
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
import random
import numpy, torch

seeds = [5, 5 + 2**32, 5 + 7 * 2**40, 5 - 2**32]
noise, orders = [], []
for seed in seeds:
    generator = torch.Generator().manual_seed(seed)
    assert generator.initial_seed() == seed % 2**64, "all bits are remembered"
    noise.append(torch.randn(4, 64, generator=generator))
    orders.append(torch.randperm(1000, generator=generator))
equal = [torch.equal(n, noise[0]) and torch.equal(o, orders[0]) for n, o in zip(noise, orders)]
print("torch", torch.__version__, "equal to those of seed 5:", dict(zip(seeds, equal)))
assert equal == [True] * 4
assert not torch.equal(noise[0], torch.randn(4, 64, generator=torch.Generator().manual_seed(6)))
assert random.Random(5).random() != random.Random(5 + 2**32).random()
assert numpy.random.default_rng(5).random() != numpy.random.default_rng(5 + 2**32).random()
P
env/bin/python look.py
echo "as stated"
