"""Two PNGs of 16 bits, and what Pillow makes of them: sixteen_bits.json.

    pip install Pillow==13.0.0
    python3 Tests/ImagesTests/Golden/sixteen_bits.py
"""

import base64
import fractions
import io
import json
import math
import pathlib
import struct
import warnings
import zlib

import PIL
from PIL import Image

assert PIL.__version__ == "13.0.0", PIL.__version__
warnings.simplefilter("ignore", DeprecationWarning)
VALUES = [0, 127, 128, 129, 255, 256, 300, 385, 32768, 33023, 65279, 65407, 65535]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(colour, samples):
    head = struct.pack(">IIBBBBB", len(VALUES), 1, 16, colour, 0, 0, 0)
    row = b"\0" + b"".join(struct.pack(">H", v) for v in samples)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b""))


def case(file, mode):
    samples = [v if mode == "L" else v[0] for v in Image.open(io.BytesIO(file)).convert(mode).getdata()]
    return {"file": base64.b64encode(file).decode(), "pillow": samples}


golden = {
    "values": VALUES,
    # The nearest byte to v * 255 / 65535; no value lies half-way.
    "right": [math.floor(fractions.Fraction(v * 255, 65535) + fractions.Fraction(1, 2)) for v in VALUES],
    "grey": case(png(0, VALUES), "L"),
    "colour": case(png(2, [v for v in VALUES for _ in range(3)]), "RGB"),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")
