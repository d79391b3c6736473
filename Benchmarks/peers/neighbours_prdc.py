"""Precision, recall, density and coverage by the package prdc."""

from contestant import checked, compete, options, tensors

import contextlib
import io

import numpy as np
from prdc import compute_prdc


def scores(real, generated):
    with contextlib.redirect_stdout(io.StringIO()):
        return compute_prdc(real, generated, nearest_k=5)


if options.check:
    given = tensors()
    found = scores(given["real"].astype(np.float64), given["generated"].astype(np.float64))
    checked([[found["precision"], found["recall"]], [found["density"], found["coverage"]]])

random = np.random.default_rng(1)
mix = random.normal(size=(256, 2048)) * 0.06


def rows():
    x = np.maximum(random.normal(size=(10_000, 256)) @ mix + random.normal(size=(10_000, 2048)) * 0.3, 0)
    return x.astype(np.float32)


real, generated = rows(), rows()


def run(times):
    for _ in range(times):
        scores(real, generated)


compete(run, warm=1)
