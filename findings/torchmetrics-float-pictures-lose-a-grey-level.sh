#!/usr/bin/env bash
# torchmetrics 1.9.0 with normalize=True cuts float pictures down to whole grey levels, and does not round: real
# pictures darken too.
#
# FID, KID, MiFID and the Inception score take floats in 0 ... 1 so. Pictures of a GAN lie in -1 ... 1 and are brought
# back by (x + 1) / 2, by which 63 of the 256 grey levels of a real picture come out a hair lower and lose a whole
# level; samples, whose values lie between levels, lose half a level on average, where torchvision.utils.save_image
# rounds. Scores of tensors are not those of the same pictures in files. Hand over uint8, rounded by yourself.
#
# Seen: of levels 0 ... 255, to -1 ... 1 and back in float32, 63 reach the network one lower, none higher; of evenly
# spread values the mean is 0.5 levels lower.
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
cat >levels.py <<'P'
import warnings
import torch
from torch import nn
import torchmetrics
from torchmetrics.image.inception import InceptionScore
warnings.simplefilter("ignore")

class Seen(nn.Module):
    """In the place of Inception-v3: keeps what it is shown."""
    def forward(self, x):
        self.x = x
        return x.float().flatten(1)[:, :10]

def shown(x):
    network = Seen()
    InceptionScore(feature=network, normalize=True).update(x.expand(1, 3, -1, -1))
    return network.x[0, 0]

levels = torch.arange(256).view(16, 16)
trained_on = levels.float() / 255 * 2 - 1
lost = levels - shown((trained_on + 1) / 2).long()
values = torch.linspace(0, 1, 1 << 16).view(256, 256)
mean = (values * 255 - shown(values).float()).mean().item()
print("torchmetrics", torchmetrics.__version__, "levels that come out lower:", (lost == 1).sum().item(),
      "of 256; higher:", (lost < 0).sum().item(), "; mean loss of values between levels: %.3f" % mean)
assert (lost == 1).sum() == 63 and ((lost == 0) | (lost == 1)).all()
assert abs(mean - 0.5) < 0.01
P
env/bin/python levels.py 2>/dev/null
echo "as stated"
