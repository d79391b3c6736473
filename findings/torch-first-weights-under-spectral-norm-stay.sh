#!/usr/bin/env bash
# In PyTorch 2.13.0 the weights_init of DCGAN's tutorial does nothing to a convolution under
# parametrizations.spectral_norm or weight_norm, and neither does WGAN's clamp: what they fill is a copy that is thrown
# away.
#
# The first works on the older torch.nn.utils.spectral_norm, whose m.weight is the parameter's memory until the first
# pass. The newer ones compute m.weight whenever it is read. The class is still found by its name ("Conv" is in
# "ParametrizedConv2d"), nothing is raised, the network keeps its default weights. Fill before the norm is put on.
#
# Seen: after nn.init.normal_(m.weight.data, 0, 0.02) the trained tensors of both are as before, those of the older
# spectral norm new; a clamp to 0.01 leaves the newer one's largest weight above 0.1.
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
import warnings
import torch
from torch import nn
warnings.simplefilter("ignore")

def weights_init(m):  # as in DCGAN's tutorial
    if m.__class__.__name__.find("Conv") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)

print("torch", torch.__version__)
found = {}
for name, norm in (("spectral_norm", nn.utils.spectral_norm),
                   ("parametrizations.spectral_norm", nn.utils.parametrizations.spectral_norm),
                   ("parametrizations.weight_norm", nn.utils.parametrizations.weight_norm)):
    torch.manual_seed(0)
    m = norm(nn.Conv2d(3, 8, 3))
    before = {k: p.detach().clone() for k, p in m.named_parameters() if k != "bias"}
    nn.Sequential(m).apply(weights_init)
    found[name] = any(not torch.equal(before[k], p) for k, p in m.named_parameters() if k != "bias")
    print(f"{name}: {m.__class__.__name__}, trained tensors changed by weights_init: {found[name]}")
assert found == {"spectral_norm": True, "parametrizations.spectral_norm": False, "parametrizations.weight_norm": False}
m = nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 8, 3))
m.weight.data.clamp_(-0.01, 0.01)
print("largest weight after a clamp to 0.01:", m.weight.abs().max().item())
assert m.weight.abs().max() > 0.1
for norm in (nn.utils.parametrizations.spectral_norm, nn.utils.parametrizations.weight_norm):
    m = nn.Conv2d(3, 8, 3)
    nn.init.normal_(m.weight, 0.0, 0.02)
    first = m.weight.detach().clone()
    m = norm(m)
    assert any(torch.equal(first, p) for p in m.parameters() if p.shape == first.shape), "before the norm it works"
P
env/bin/python look.py
echo "as stated"
