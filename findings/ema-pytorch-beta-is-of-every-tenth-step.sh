#!/usr/bin/env bash
# ema-pytorch 0.8.3's EMA(generator, beta=0.99) averages over ten times as many steps as beta says: update(), called
# after every step, does something at every tenth, and takes beta as it is. The default beta, 0.9999, is not reached in
# 30 000 steps.
#
# The average of weights is what GANs are drawn and scored from. "EMA 0.999" of a paper or of torch's AveragedModel is
# one thing, of this package another: beside the tenth step there is a warm-up, decay 1 - (1 + step)^(-2/3) until that
# is above beta. Pass update_every=1, and another power for another warm-up.
#
# Seen: 100 steps after a weight went from 0 to 1 (beta 0.99, 3000 steps before) the average is 0.0956 = 1 - 0.99^10;
# with update_every=1, and of torch's AveragedModel, 0.634 = 1 - 0.99^100. After 30 000 steps the default's decay is
# 0.99896.
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
install --no-deps ema-pytorch==0.8.3
cat >look.py <<'P'
import importlib.metadata
import torch
from ema_pytorch import EMA
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

def average(make, update, inner):
    net = torch.nn.Linear(1, 1, bias=False)
    net.weight.data.zero_()
    averaged = make(net)
    for _ in range(3000):
        update(averaged, net)
    net.weight.data.fill_(1)
    for _ in range(100):
        update(averaged, net)
    return inner(averaged).weight.item()

package = (lambda e, net: e.update()), (lambda e: e.ema_model)
default = average(lambda net: EMA(net, beta=0.99), *package)
each = average(lambda net: EMA(net, beta=0.99, update_every=1), *package)
peer = average(lambda net: AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.99)),
               lambda a, net: a.update_parameters(net), lambda a: a.module)
ema = EMA(torch.nn.Linear(1, 1))
for _ in range(30000):
    ema.update()
print("ema-pytorch", importlib.metadata.version("ema-pytorch"), "100 steps after 0 became 1:", default,
      "update_every=1:", each, "torch:", peer,
      "decay after 30 000 steps of beta 0.9999:", float(ema.get_current_decay()))
assert (abs(default - (1 - 0.99**10)) < 1e-3 and abs(each - (1 - 0.99**100)) < 1e-3
        and abs(peer - (1 - 0.99**100)) < 1e-3)
assert 0.9989 < ema.get_current_decay() < 0.9991
P
env/bin/python look.py
echo "as stated"
