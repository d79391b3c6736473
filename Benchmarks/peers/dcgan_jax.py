"""A DCGAN step at 32 x 32 in JAX, jitted."""

from contestant import checked, compete, options, rate_factor, tensors

import jax
import jax.numpy as jnp
from jax import lax

layout = ("NCHW", "OIHW", "NCHW")


def convolve(x, w, stride, padding):
    return lax.conv_general_dilated(x, w, (stride, stride), [(padding, padding)] * 2, dimension_numbers=layout)


def transpose_convolve(x, w, stride, padding):
    """w [in, out, 4, 4], as PyTorch and gan-bench have it."""
    flipped = jnp.flip(w, (2, 3)).swapaxes(0, 1)
    pad = 3 - padding
    return lax.conv_general_dilated(
        x, flipped, (1, 1), [(pad, pad)] * 2, lhs_dilation=(stride, stride), dimension_numbers=layout
    )


def normalise(x, gain, bias):
    m, v = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
    return (x - m) / jnp.sqrt(v + 1e-5) * gain[:, None, None] + bias[:, None, None]


def generate(p, z):
    h = z[:, :, None, None]
    for i, (stride, padding) in enumerate([(1, 0), (2, 1), (2, 1)]):
        h = jax.nn.relu(normalise(transpose_convolve(h, p["w"][i], stride, padding), p["gain"][i], p["bias"][i]))
    return jnp.tanh(transpose_convolve(h, p["w"][3], 2, 1) + p["last"][:, None, None])


def judge(p, x):
    leaky = lambda x: jax.nn.leaky_relu(x, 0.2)
    h = leaky(convolve(x, p["w"][0], 2, 1) + p["first"][:, None, None])
    for i in range(2):
        h = leaky(normalise(convolve(h, p["w"][1 + i], 2, 1), p["gain"][i], p["bias"][i]))
    return convolve(h, p["w"][3], 1, 0) + p["last"][:, None, None]


def adam(p, g, m, v, t):
    m = jax.tree.map(lambda m, g: 0.5 * m + 0.5 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    step = lambda p, m, v: p - 2e-4 * rate_factor * (m / (1 - 0.5**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return jax.tree.map(step, p, m, v), m, v


@jax.jit
def play(state, real, z):
    d, g, dm, dv, gm, gv, t = state
    t = t + 1
    fake, pull_back = jax.vjp(lambda g: generate(g, z), g)
    loss_d = lambda d: jax.nn.softplus(-judge(d, real)).mean() + jax.nn.softplus(judge(d, fake)).mean()
    l_d, gradient = jax.value_and_grad(loss_d)(d)
    d, dm, dv = adam(d, gradient, dm, dv, t)
    l_g, of_fake = jax.value_and_grad(lambda fake: jax.nn.softplus(-judge(d, fake)).mean())(fake)
    g, gm, gv = adam(g, pull_back(of_fake)[0], gm, gv, t)
    return (d, g, dm, dv, gm, gv, t), (l_d, l_g)


def start(d, g):
    zeros = lambda p: jax.tree.map(jnp.zeros_like, p)
    return (d, g, zeros(d), zeros(d), zeros(g), zeros(g), jnp.float32(0))


if options.check:
    given = {name: jnp.array(value) for name, value in tensors().items()}
    g = dict(
        w=[given[f"generator.layers.{i}.weight"] for i in range(3)] + [given["generator.output.weight"]],
        gain=[given[f"generator.norms.{i}.gain"] for i in range(3)],
        bias=[given[f"generator.norms.{i}.bias"] for i in range(3)],
        last=given["generator.output.bias"],
    )
    d = dict(
        w=[given["discriminator.first.weight"]]
        + [given[f"discriminator.layers.{i}.weight"] for i in range(2)]
        + [given["discriminator.output.weight"]],
        gain=[given[f"discriminator.norms.{i}.gain"] for i in range(2)],
        bias=[given[f"discriminator.norms.{i}.bias"] for i in range(2)],
        first=given["discriminator.first.bias"],
        last=given["discriminator.output.bias"],
    )
    state, losses = start(d, g), []
    for z in given["z"]:
        state, pair = play(state, given["real"], z)
        losses.append(pair)
    checked(losses)

key = jax.random.PRNGKey(0)
normal = lambda i, shape: 0.02 * jax.random.normal(jax.random.fold_in(key, i), shape)
g = dict(
    w=[normal(0, (100, 256, 4, 4)), normal(1, (256, 128, 4, 4)), normal(2, (128, 64, 4, 4)), normal(3, (64, 3, 4, 4))],
    gain=[jnp.ones(n) for n in (256, 128, 64)], bias=[jnp.zeros(n) for n in (256, 128, 64)], last=jnp.zeros(3),
)
d = dict(
    w=[normal(4, (64, 3, 4, 4)), normal(5, (128, 64, 4, 4)), normal(6, (256, 128, 4, 4)), normal(7, (1, 256, 4, 4))],
    gain=[jnp.ones(n) for n in (128, 256)], bias=[jnp.zeros(n) for n in (128, 256)],
    first=jnp.zeros(64), last=jnp.zeros(1),
)
real = jax.random.uniform(key, (64, 3, 32, 32)) * 2 - 1
state, count = start(d, g), 0


def run(times):
    global state, count
    for _ in range(times):
        count += 1
        state, losses = play(state, real, jax.random.normal(jax.random.fold_in(key, count), (64, 100)))
    jax.block_until_ready(state)


compete(run, warm=2)
