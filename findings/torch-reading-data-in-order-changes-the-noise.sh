#!/usr/bin/env bash
# In PyTorch 2.13.0 a loop over a DataLoader draws from the global generator even where nothing is random: no shuffling,
# no workers. A score or a test in between changes all that training does after it.
#
# Each loop takes a 64-bit seed for workers that are not there. A GAN trained with a test every 1000 steps is another
# one than with a test every 2000, from the same seed; "evaluated" and "not evaluated" runs cannot be compared step by
# step. A loader with a generator of its own (generator=torch.Generator()) takes the seed from that.
#
# Seen: torch.randn after a loop over 4 examples in order is other than without the loop, and the same with a generator
# of its own.
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
from torch.utils.data import DataLoader, TensorDataset

def noise_after(make):
    torch.manual_seed(0)
    examples = [batch for batch in make()]
    return torch.randn(64), examples

data = TensorDataset(torch.arange(4.0))
alone, _ = noise_after(lambda: [])
after, one = noise_after(lambda: DataLoader(data, batch_size=2, shuffle=False, num_workers=0))
own, two = noise_after(lambda: DataLoader(data, batch_size=2, generator=torch.Generator()))
indexed, _ = noise_after(lambda: [data[i] for i in range(4)])
assert (all(torch.equal(a[0], b[0]) for a, b in zip(one, two))
        and torch.equal(torch.cat([a[0] for a in one]), torch.arange(4.0)))
print("torch", torch.__version__, "the noise after it is as without: DataLoader", torch.equal(alone, after),
      "with a generator of its own", torch.equal(alone, own), "by index", torch.equal(alone, indexed))
assert not torch.equal(alone, after) and torch.equal(alone, own) and torch.equal(alone, indexed)
P
env/bin/python look.py
echo "as stated"
