"""The small games in JAX: the whole loop in lax.scan, seeds side by side by vmap."""

from contestant import checked, compete, options, rate_factor, tensors

import jax
import jax.numpy as jnp
import numpy as np

tutorial = options.work.startswith("tutorial")
seeds = 32 if options.work.endswith("-32") else None
rate = 1e-3 * rate_factor
width, scale, batch = (10, 5.0, 200) if tutorial else (32, 1.0, 200)


def mlp(p, x):
    for w, b in p[:-1]:
        x = jnp.tanh(x @ w + b)
    w, b = p[-1]
    return x @ w + b


def generate(p, z):
    return scale * mlp(p, z)


def loss_d(d, real, fake):
    return jax.nn.softplus(-mlp(d, real)).mean() + jax.nn.softplus(mlp(d, fake)).mean()


def loss_g(g, d, z):
    return jax.nn.softplus(-mlp(d, generate(g, z))).mean()


def adam(p, g, state, t):
    m, v = state
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    c1, c2 = 1 - 0.9**t, 1 - 0.999**t
    p = jax.tree.map(lambda p, m, v: p - rate * (m / c1) / (jnp.sqrt(v / c2) + 1e-8), p, m, v)
    return p, (m, v)


def momentum(p, g, state, t):
    velocity = jax.tree.map(lambda v, g: 0.6 * v + g, state[0], g)
    return jax.tree.map(lambda p, v: p - rate * v, p, velocity), (velocity, state[1])


update = momentum if tutorial else adam


def play(state, real, z_d, z_g):
    g, d, of_g, of_d, t = state
    t = t + 1
    l_d, gradient = jax.value_and_grad(loss_d)(d, real, generate(g, z_d))
    d, of_d = update(d, gradient, of_d, t)
    l_g, gradient = jax.value_and_grad(loss_g)(g, d, z_g)
    g, of_g = update(g, gradient, of_g, t)
    return (g, d, of_g, of_d, t), (l_d, l_g)


def noise(key):
    if tutorial:
        return jnp.linspace(-3, 3, batch)[:, None] + 0.01 * jax.random.uniform(key, (batch, 1))
    return jax.random.normal(key, (batch, 1))


def step(carry, _):
    state, key = carry
    key, k1, k2, k3 = jax.random.split(key, 4)
    real = jax.random.normal(k1, (batch, 1))
    if tutorial:
        real = jnp.sort(real, axis=0)
    state, _ = play(state, real, noise(k2), noise(k3))
    return (state, key), None


def start(g, d):
    zeros = lambda p: (jax.tree.map(jnp.zeros_like, p),) * 2
    return (g, d, zeros(g), zeros(d), jnp.float32(0))


if options.check:
    given = tensors()

    def network(name, layers):
        return [(given[f"{name}.{l}.weight"].swapaxes(-1, -2), given[f"{name}.{l}.bias"][..., None, :]) for l in layers]

    layers = ["hidden.0", "hidden.1", "output"]
    state = start(network("generator", layers), network("discriminator", layers))
    one = play if seeds is None else jax.vmap(play, in_axes=(0, 0, 0, 0))
    if seeds is not None:
        state = state[:-1] + (jnp.zeros(seeds),)
    one = jax.jit(one)
    losses = []
    for i in range(given["real"].shape[0]):
        real, z_d, z_g = given["real"][i], given["z of D"][i], given["z of G"][i]
        state, (l_d, l_g) = one(state, real, z_d, z_g)
        losses.append(np.concatenate([np.atleast_1d(l_d), np.atleast_1d(l_g)]))
    checked(losses)


def init(key):
    p, sizes = [], [1, width, width, 1]
    for i, o in zip(sizes[:-1], sizes[1:]):
        key, k = jax.random.split(key)
        p.append((jax.random.normal(k, (i, o)), jnp.zeros(o)))
    return p


def game(key):
    k1, k2, k3 = jax.random.split(key, 3)
    return start(init(k1), init(k2)), k3


if seeds is None:
    carry, body = game(jax.random.PRNGKey(0)), step
else:
    carry = jax.vmap(game)(jax.random.split(jax.random.PRNGKey(0), seeds))
    body = lambda carry, _: jax.vmap(lambda c: step(c, None))(carry)

# One compilation a number of steps; the driver always asks for the same.
many = jax.jit(lambda carry, n: jax.lax.fori_loop(0, n, lambda _, c: body(c, None)[0], carry))


def run(times):
    global carry
    carry = jax.block_until_ready(many(carry, times))


compete(run)
