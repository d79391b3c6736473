#!/usr/bin/env bash
# wandb 0.29.0 and later (0.31.0 here) log float pictures black: wandb.Image no longer scales 0 ... 1 to 0 ... 255, it
# truncates. Values of -1 ... 1 become black with white specks, since -1 wraps to 255. No warning is given.
#
# Up to 0.28 floats were scaled by what was found in the picture, with a warning; generators' outputs are such floats,
# and every tutorial of GANs logs them so. After an update a run that learns looks like one that has collapsed. Give it
# bytes.
#
# Seen: [0, 0.25, 0.5, 0.75] is logged as [0, 63, 127, 191] by 0.28.2 and as [0, 0, 0, 0] by 0.31.0; [-1, -0.5, 0.5, 1]
# as [0, 63, 191, 255] and as [255, 0, 0, 1]. Bytes are logged as they are by both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export WANDB_MODE=offline WANDB_SILENT=true WANDB_DIR=$folder
cat >look.py <<'P'
import json
import numpy as np
import wandb
from PIL import Image

found = []
for row in ([0, 0.25, 0.5, 0.75], [-1, -0.5, 0.5, 1], np.array([0, 63, 127, 191], np.uint8)):
    row = row if isinstance(row, np.ndarray) else np.array(row, np.float32)
    picture = wandb.Image(np.broadcast_to(row[None, :, None], (4, 4, 3)).copy())
    found.append(np.asarray(picture.image.convert("RGB"))[0, :, 0].tolist())
print(json.dumps({"wandb": wandb.__version__, "logged": found}))
P
for version in 0.28.2 0.31.0; do
  python3 -m venv "$version"
  "$version/bin/pip" install --quiet --disable-pip-version-check "wandb==$version" numpy==2.4.6 pillow==13.0.0
  "$version/bin/python" look.py 2>/dev/null | tee "$version.json"
done
python3 - <<'P'
import json
before, after = (json.load(open(f"{version}.json"))["logged"] for version in ("0.28.2", "0.31.0"))
assert before == [[0, 63, 127, 191], [0, 63, 191, 255], [0, 63, 127, 191]], before
assert after == [[0, 0, 0, 0], [255, 0, 0, 1], [0, 63, 127, 191]], after
P
echo "as stated"
