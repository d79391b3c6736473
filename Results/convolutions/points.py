#!/usr/bin/env python3
"""Points for Winograd's transforms of 4 x 4 places: how far float32 is from float64 with each choice. Needs NumPy.

    python3 Results/convolutions/points.py > Results/convolutions/points.txt

Tiles of 192 channels of normal numbers. "error": the mean over 40 tiles of the largest difference, in roundings of a
sum of as many terms of that size; "direct": the same of the convolution as it stands, added term by term. "noise": by
how much the result is off if every product in the transformed tile is off by a rounding of its own, from the matrices
alone.
"""
import numpy as np


def matrices(r, points):
    """B^T, A^T and G by Lagrange's polynomials of `points` and of infinity."""
    n = 3 + r
    bt, at, g = np.zeros((n, n)), np.zeros((4, n)), np.zeros((n, r))
    for i, p in enumerate(points):
        others = np.poly1d([1.0])
        for q in points:
            if q != p:
                others *= np.poly1d([1, -q])
        bt[i, :n - 1] = others.c[::-1]
        at[:, i] = [p**k for k in range(4)]
        g[i] = [p**k / others(p) for k in range(r)]
    whole = np.poly1d([1.0])
    for p in points:
        whole *= np.poly1d([1, -p])
    bt[n - 1] = whole.c[::-1]
    at[3, n - 1] = g[n - 1, r - 1] = 1
    return bt, at, g


def errors(r, points, rng, channels=192, tiles=40):
    bt, at, g = matrices(r, points)
    n, single = 3 + r, np.float32
    of_ours, of_direct = [], []
    for _ in range(tiles):
        d = rng.normal(size=(channels, n, n)).astype(single)
        w = rng.normal(size=(channels, r, r)).astype(single)
        windows = np.array([[d[:, i:i + r, j:j + r] for j in range(4)] for i in range(4)])
        exact = (windows.astype(float) * w.astype(float)).sum((2, 3, 4))
        b, a = bt.astype(single), at.astype(single)
        half = np.einsum("cij,kj->cik", d, b).astype(single)
        v = np.einsum("ij,cjk->cik", b, half).astype(single)
        u = np.einsum("ij,cjk,lk->cil", g, w.astype(float), g).astype(single)
        products, direct = np.zeros((n, n), single), np.zeros((4, 4), single)
        for c in range(channels):
            products += v[c] * u[c]
            for i in range(r):
                for j in range(r):
                    direct += windows[:, :, c, i, j] * w[c, i, j]
        scale = np.sqrt(channels * r * r) * 2.0**-24
        of_ours.append(np.abs(a @ products @ a.T - exact).max() / scale)
        of_direct.append(np.abs(direct - exact).max() / scale)
    lengths = np.sqrt((g**2).sum(1) * (bt**2).sum(1))
    return np.mean(of_ours), np.mean(of_direct), (at**2 * lengths**2).sum(1).max() / r


def main():
    rng = np.random.default_rng(0)
    root = 2**0.5
    pairs = [
        (1, 2), (1, 0.5), (root / 2, root), (0.75, 1.5), (0.625, 1.25), (0.6, 1.2), (0.5, 1.25), (0.5, 1.0), (0.8, 1.6)]
    for r, zero, more in ((3, [0.0], []), (2, [], [(0.0, 1.0, -1.0, 2.0), (0.0, 1.0, -1.0, 0.5)])):
        for points in [tuple(zero) + (a, -a, b, -b) for a, b in pairs] + more:
            ours, direct, noise = errors(r, points, rng)
            shown = ", ".join(f"{p:.4g}" for p in points)
            print(f"kernel {r} x {r}, points {shown}, infinity: error {ours:.0f}, direct {direct:.0f}, "
                  f"ratio {ours / direct:.2f}, noise {noise:.1f}")


main()
