#!/usr/bin/env bash
# PyTorch 2.13.0's SummaryWriter.add_image writes pictures of whole numbers white, unless their type is uint8: int16,
# int32 and int64 tensors of 0 ... 255 are multiplied by 255 like floats of 0 ... 1, and cut off.
#
# Pictures that came out of argmax or randint, of a quantising or an autoregressive network, or of a sum of bytes are
# int64. Only 0 stays black. No warning. Convert with .byte() first.
#
# Seen (tensorboard 2.21.0): the values 0, 1, 100, 255 are written as 0, 255, 255, 255 from int16, int32 and int64, as
# they are from uint8.
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
install tensorboard==2.21.0 pillow==13.0.0 2>/dev/null
cat >look.py <<'P'
import io
import numpy as np, tensorboard, torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

values = torch.tensor([0, 1, 100, 255]).expand(1, 4, 4)
kinds = (torch.uint8, torch.int16, torch.int32, torch.int64)
with SummaryWriter("events") as writer:
    for kind in kinds:
        writer.add_image(str(kind), values.to(kind), 0)
events = EventAccumulator("events")
events.Reload()
found = {str(kind): np.asarray(
             Image.open(io.BytesIO(events.Images(str(kind))[0].encoded_image_string)).convert("L"))[0].tolist()
         for kind in kinds}
print("torch", torch.__version__, "tensorboard", tensorboard.__version__, "written", found)
assert found.pop("torch.uint8") == [0, 1, 100, 255]
assert all(row == [0, 255, 255, 255] for row in found.values())
P
env/bin/python look.py 2>/dev/null
echo "as stated"
