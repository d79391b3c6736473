#!/usr/bin/env bash
# A lossless WebP that Pillow 13.0.0 writes is not lossless: colours under alpha 0 are replaced, unless exact=True is
# given too.
#
# Readers that drop alpha, and convert("RGB") does, then see other pictures: scores by clean-fid, which reads files that
# way, of the same pictures as PNG and as lossless WebP differ. (libwebp does it for smaller files.)
#
# Seen: a quarter of a picture of 32 x 32 is transparent. Read as RGB, the PNG and the WebP with exact=True have every
# byte, the one with lossless=True alone has 255 or 256 of 256 transparent pixels changed and no opaque one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps \
  --target "$folder" Pillow==13.0.0
cat >"$folder/look.py" <<'P'
import io, random
from PIL import Image, __version__

random.seed(0)
pixels = [tuple(random.randrange(256) for _ in range(3)) + (0 if x < 16 and y < 16 else 255,)
          for y in range(32) for x in range(32)]
picture = Image.new("RGBA", (32, 32))
picture.putdata(pixels)

def changed(**options):
    file = io.BytesIO()
    picture.save(file, **options)
    raw = Image.open(file).convert("RGB").tobytes()
    read = [tuple(raw[i:i + 3]) for i in range(0, len(raw), 3)]
    return [sum(a[:3] != b for a, b in zip(pixels, read) if (a[3] == 0) == hidden) for hidden in (True, False)]

lossless = changed(format="WEBP", lossless=True)
print("Pillow", __version__, "pixels changed under alpha 0 and elsewhere: lossless WebP", lossless,
      "exact", changed(format="WEBP", lossless=True, exact=True), "PNG", changed(format="PNG"))
assert lossless[0] >= 255 and lossless[1] == 0
assert changed(format="WEBP", lossless=True, exact=True) == [0, 0] == changed(format="PNG")
P
PYTHONPATH=$folder python3 "$folder/look.py"
echo "as stated"
