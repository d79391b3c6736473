"""The pairwise part of minibatch discrimination in JAX, jitted."""

from contestant import checked, compete, options, tensors

import jax
import jax.numpy as jnp

count = int(options.work.split("-")[1])


def similarities(m):
    return jnp.exp(-jnp.abs(m[:, None] - m[None]).sum(-1)).sum(1)


@jax.jit
def both(m, cotangent):
    o, pull_back = jax.vjp(similarities, m)
    return o, pull_back(cotangent)[0]


if options.check:
    given = tensors()
    o, gradient = both(given["points"], given["cotangent"])
    checked([[(o.astype(float) ** 2).sum(), (gradient.astype(float) ** 2).sum()]])

points = jax.random.normal(jax.random.PRNGKey(0), (count, 100, 5))
cotangent = jax.random.normal(jax.random.PRNGKey(1), (count, 100))


def run(times):
    for _ in range(times):
        result = both(points, cotangent)
    jax.block_until_ready(result)


compete(run, warm=1)
