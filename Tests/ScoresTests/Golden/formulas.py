"""Numbers, pictures and weights by formulas that the tests have too, so that nothing large lies beside them.

Everything is made of splitmix64, whole numbers, and products by powers of two or by one float32, so that both languages
get the same bits.
"""
import numpy as np


def words(seed, count):
    """The first `count` outputs of splitmix64 from the state `seed`."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def uniform(seed, count):
    """Float32 in -1/2 ... 1/2, multiples of 2^-24."""
    return ((words(seed, count) >> np.uint64(40)).astype(np.float64) / 2**24 - 0.5).astype(np.float32)


def picture(number, width, height):
    """[height, width, 3] bytes: waves of whole numbers with noise in them."""
    x, y, c = np.meshgrid(np.arange(width), np.arange(height), np.arange(3), indexing="xy")
    noise = (words(1000 + number, height * width * 3) & np.uint64(31)).astype(np.int64).reshape(height, width, 3)
    waves = x * (3 + number % 7) * (c + 1) + y * (5 + number % 5) + x * y * (number % 11) // 16 + 40 * number
    return ((waves + noise) % 256).astype(np.uint8)


def features(seed, count, dimensions, shift):
    """Rows whose numbers hang together, so that covariances are not all alike."""
    own = uniform(seed, count * dimensions).reshape(count, dimensions)
    mix = uniform(99, dimensions * dimensions).reshape(dimensions, dimensions)
    # Whole numbers of 2^-24 added and multiplied in float64 are exact; one rounding at the end.
    mixed = own.astype(np.float64) + np.roll(own, 1, axis=1).astype(np.float64) * 0.5 + mix[0].astype(np.float64) * 0.25
    return (mixed + shift).astype(np.float32)


def weights(shapes):
    """Weights for a network of which `shapes` says names and shapes, by the order of the names."""
    result = {}
    for index, name in enumerate(sorted(shapes)):
        shape = shapes[name]
        value = uniform(5000 + index, int(np.prod(shape))).reshape(shape)
        if name.endswith("conv.weight"):
            scale = np.float32(np.sqrt(24.0 / np.prod(shape[1:])))
        elif name.endswith("fc.weight"):
            scale = np.float32(0.0625)
        else:
            scale = np.float32(0.25)
        value = value * scale
        if name.endswith("bn.weight") or name.endswith("running_var"):
            value = value + np.float32(1)
        result[name] = value
    return result
