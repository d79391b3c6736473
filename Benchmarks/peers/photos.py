"""5 000 JPEGs of 256 to 1024 pixels in ten folders of 500, the same on every machine: made once, in the cache.

    python3 Benchmarks/peers/photos.py                          prints where they are
    BENCHMARK_PHOTOS=500 python3 Benchmarks/peers/photos.py     the same of fewer, a multiple of 50:
                                                                to try the benchmark out
"""

import os
import pathlib
import random
import shutil
import sys

count, parts = int(os.environ.get("BENCHMARK_PHOTOS", 5_000)), 10
assert count > 0 and count % 50 == 0, f"BENCHMARK_PHOTOS is {count}, no multiple of a batch, 50"


def folder():
    cache = os.environ.get("XDG_CACHE_HOME", "")
    base = pathlib.Path(cache) if cache.startswith("/") else pathlib.Path.home() / ".cache"
    return base / "swift-gan" / f"benchmark-photos-{count}"


def make(place):
    import numpy as np
    from PIL import Image

    part = place.with_suffix(".partial")
    shutil.rmtree(part, ignore_errors=True)
    for index in range(count):
        draw = np.random.default_rng(index)
        width, height = (random.Random(index + 0.5 * side).randint(256, 1024) for side in range(2))
        # Large shapes, small ones and grain, about as many bytes as a photograph of this size.
        image = np.zeros((height, width, 3), np.float32)
        for cells, strength in (3, 70.0), (24, 30.0), (120, 12.0):
            coarse = draw.normal(0, strength, (cells, cells, 3)).astype(np.float32)
            for channel in range(3):
                plane = Image.fromarray(coarse[:, :, channel]).resize((width, height), Image.Resampling.BICUBIC)
                image[:, :, channel] += np.asarray(plane)
        image += draw.normal(0, 4, (height, width, 1)).astype(np.float32)
        target = part / f"part-{index % parts}" / ("a" if index // parts % 2 else "b")
        target.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(image + 128, 0, 255).astype(np.uint8)).save(target / f"{index:05d}.jpg", quality=90)
        if index % 500 == 499:
            print(f"photos: {index + 1} of {count}", file=sys.stderr, flush=True)
    part.rename(place)


def photos():
    """The folder; its classes are part-0 ... part-9."""
    place = folder()
    if not place.is_dir():
        make(place)
    return place


if __name__ == "__main__":
    print(photos())
