#!/usr/bin/env bash
# medmnist 3.0.2's save() of a three-dimensional set (organmnist3d and so on) writes a GIF a volume, and slices that
# equal the one before are missing in it: Pillow 13.0.0 adds them to the time of that one. Volumes of 28 slices come
# back as 25.
#
# Outer slices of scans are often all black. Who trains on the GIFs that the data set's own tool made has volumes of
# unequal depth, or with anatomy at the wrong height where they are filled up behind. Pillow's PNG and WebP animations
# are no better: a film of samples by step loses the steps at which nothing changed. Take the .npz, or single pictures.
#
# Seen: of a volume of 28 slices with 4 equal ones in front the GIF has 25, 200 ms each, the first 800; save_all
# of the same frames as lossless WebP and as PNG gives 25 as well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 pillow==13.0.0 tqdm==4.70.1
env/bin/pip install --quiet --disable-pip-version-check --no-deps medmnist==3.0.2
cat >look.py <<'P'
import importlib.util, io, pathlib, sys, types
import numpy as np
from PIL import Image, ImageSequence, __version__

# The file alone that writes pictures: the package imports scikit-learn, scikit-image (for montages) and torch, not used
# here.
skimage = types.ModuleType("skimage")
skimage.util = types.ModuleType("skimage.util")
skimage.util.montage = None
sys.modules.update({"skimage": skimage, "skimage.util": skimage.util})
place = next(p for p in map(pathlib.Path, sys.path) if (p / "medmnist/utils.py").exists())
spec = importlib.util.spec_from_file_location("utils", place / "medmnist/utils.py")
utils = importlib.util.module_from_spec(spec)
spec.loader.exec_module(utils)

volume = np.random.default_rng(0).integers(0, 256, (28, 28, 28), dtype=np.uint8)
volume[:4] = 0
utils.save3d(volume[None], np.array([[3]]), "volumes", "train", "gif", None)  # what MedMNIST3D.save calls
read = Image.open("volumes/train0_3.gif")
frames = [np.asarray(f.convert("L")) for f in ImageSequence.Iterator(read)]
times = []
for i in range(read.n_frames):
    read.seek(i)
    times.append(read.info["duration"])
others = {}
for kind, options in (("WEBP", {"lossless": True}), ("PNG", {})):
    file = io.BytesIO()
    first, *rest = map(Image.fromarray, volume)
    first.save(file, kind, save_all=True, append_images=rest, duration=200, **options)
    others[kind] = Image.open(file).n_frames
print("Pillow", __version__, "slices written 28, read", len(frames), "times", times[:3], "others", others)
assert len(frames) == 25 and times == [800] + [200] * 24 and others == {"WEBP": 25, "PNG": 25}
assert np.array_equal(frames[1], volume[4]), "the second slice read is the fifth"
P
env/bin/python look.py 2>/dev/null
echo "as stated"
