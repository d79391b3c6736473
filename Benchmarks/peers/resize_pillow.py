"""A picture of 512 x 512 in colour made 64 x 64 by Pillow's Lanczos filter."""

from contestant import checked, compete, options, tensors

import numpy
from PIL import Image

if options.check:
    pixels = tensors()["picture"].astype(numpy.uint8)
else:
    pixels = numpy.random.default_rng(1).integers(0, 256, (512, 512, 3), numpy.uint8)
picture = Image.fromarray(pixels)


def resized():
    return picture.resize((64, 64), Image.Resampling.LANCZOS)


if options.check:
    small = numpy.asarray(resized()).astype(float).ravel()
    checked([[small.sum(), (small * numpy.arange(small.size)).sum()]] * 20)


def run(times):
    for _ in range(times):
        resized()


compete(run)
