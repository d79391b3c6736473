"""The Frechet distance by scipy's matrix root, as pytorch-fid and clean-fid compute it."""

from contestant import checked, compete, options, tensors

import numpy as np
from scipy import linalg


def distance(mean1, covariance1, mean2, covariance2):
    root = linalg.sqrtm(covariance1.dot(covariance2))
    shift = mean1 - mean2
    return shift.dot(shift) + np.trace(covariance1) + np.trace(covariance2) - 2 * np.trace(root.real)


if options.check:
    given = tensors()
    value = distance(
        given["real.mean"], given["real.covariance"], given["generated.mean"], given["generated.covariance"]
    )
    checked([[value, value]] * 20)

random = np.random.default_rng(1)
mix = random.normal(size=(256, 2048)) * 0.06


def statistics():
    rows = np.maximum(random.normal(size=(4000, 256)) @ mix + random.normal(size=(4000, 2048)) * 0.3, 0)
    return rows.mean(axis=0), np.cov(rows, rowvar=False)


one, other = statistics(), statistics()


def run(times):
    for _ in range(times):
        distance(*one, *other)


compete(run, warm=1)
