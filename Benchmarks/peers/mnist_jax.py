"""The published semi-supervised MNIST iteration in JAX, jitted, a step a call inside one loop on the device."""

from contestant import checked, compete, options, rate_factor, tensors

import jax
import jax.numpy as jnp

sizes = [784, 1000, 500, 250, 250, 250, 10]
deviations = [0.3] + [0.5] * 5
softplus = jax.nn.softplus
logsumexp = lambda logits: jax.nn.logsumexp(logits, 1)


def discriminate(p, fixed, x, noise):
    for l in range(6):
        x = x + deviations[l] * noise[l]
        gain = p["g"] if l == 5 else fixed[l]
        w = p["v"][l] * (gain / jnp.sqrt(1e-6 + (p["v"][l] ** 2).sum(1)))[:, None]
        x = x @ w.T + p["b"][l]
        if l < 5:
            x = jax.nn.relu(x)
        if l == 4:
            features = x
    return x, features


def generate(p, z):
    h = z
    for l in range(2):
        h = h @ p["w"][l].T
        h = softplus((h - h.mean(0)) / jnp.sqrt(h.var(0) + 1e-6) + p["b"][l])
    w = p["w"][2] * (p["g"] / jnp.sqrt(1e-6 + (p["w"][2] ** 2).sum(1)))[:, None]
    return jax.nn.sigmoid(h @ w.T + p["b"][2])


def adam(p, g, m, v, t):
    m = jax.tree.map(lambda m, g: 0.5 * m + 0.5 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    step = lambda p, m, v: p - 3e-3 * rate_factor * (m / (1 - 0.5**t)) / jnp.sqrt(v / (1 - 0.999**t) + 1e-8)
    return jax.tree.map(step, p, m, v), m, v


def play(state, fixed, labelled, labels, real_d, real_g, z_d, z_g, noise_d, noise_real, noise_generated):
    d, g, dm, dv, gm, gv, average, t = state
    t = t + 1
    fake = generate(g, z_d)

    def loss_d(d):
        logits, _ = discriminate(d, fixed, jnp.concatenate([labelled, real_d, fake]), noise_d)
        l, r, f = jnp.split(logits, 3)
        supervised = (logsumexp(l) - jnp.take_along_axis(l, labels[:, None], 1)[:, 0]).mean()
        return supervised + 0.5 * (softplus(logsumexp(r)) - logsumexp(r)).mean() + 0.5 * softplus(logsumexp(f)).mean()

    l_d, gradient = jax.value_and_grad(loss_d)(d)
    d, dm, dv = adam(d, gradient, dm, dv, t)
    average = jax.tree.map(lambda a, p: a + 1e-4 * (p - a), average, d)
    target = discriminate(d, fixed, real_g, noise_real)[1].mean(0)
    loss_g = lambda g: ((target - discriminate(d, fixed, generate(g, z_g), noise_generated)[1].mean(0)) ** 2).mean()
    l_g, gradient = jax.value_and_grad(loss_g)(g)
    g, gm, gv = adam(g, gradient, gm, gv, t)
    return (d, g, dm, dv, gm, gv, average, t), (l_d, l_g)


zeros = lambda p: jax.tree.map(jnp.zeros_like, p)


def start(d, g):
    return (d, g, zeros(d), zeros(d), zeros(g), zeros(g), zeros(d), jnp.float32(0))


if options.check:
    given = tensors()
    names = [f"hidden.{l}" for l in range(5)] + ["output"]
    d = dict(
        v=[jnp.array(given[f"discriminator.{n}.direction"]) for n in names],
        b=[jnp.array(given[f"discriminator.{n}.bias"]) for n in names],
        g=jnp.array(given["discriminator.output.gain"]),
    )
    fixed = [jnp.array(given[f"discriminator.{n}.gain"]) for n in names]
    g = dict(
        w=[jnp.array(given[f"generator.hidden.{l}.weight"]) for l in range(2)]
        + [jnp.array(given["generator.output.direction"])],
        b=[jnp.array(given[f"generator.normalizations.{l}.bias"]) for l in range(2)]
        + [jnp.array(given["generator.output.bias"])],
        g=jnp.array(given["generator.output.gain"]),
    )
    state, one, losses = start(d, g), jax.jit(play), []
    for i in range(given["z of D"].shape[0]):
        noise = lambda name: [given[f"noise of {name}.{l}"][i] for l in range(6)]
        state, pair = one(
            state, fixed, given["labelled"][i], given["labels"][i], given["real of D"][i], given["real of G"][i],
            given["z of D"][i], given["z of G"][i], noise("D"), noise("G real"), noise("G generated"),
        )
        losses.append(pair)
    checked(losses)

key = jax.random.PRNGKey(1)
keys = jax.random.split(key, 12)
d = dict(
    v=[0.1 * jax.random.normal(k, (o, i)) for k, i, o in zip(keys, sizes[:-1], sizes[1:])],
    b=[jnp.zeros(o) for o in sizes[1:]],
    g=jnp.ones(10),
)
fixed = [jnp.ones(o) for o in sizes[1:]]
shapes = ((500, 100), (500, 500), (784, 500))
g = dict(
    w=[0.05 * jax.random.normal(k, shape) for k, shape in zip(keys[6:], shapes)],
    b=[jnp.zeros(500), jnp.zeros(500), jnp.zeros(784)],
    g=jnp.ones(784),
)
pictures, labels = jax.random.uniform(key, (6000, 784)), jnp.arange(100) % 10


def step(state, key):
    k = jax.random.split(key, 6)
    rows = jax.random.randint(k[0], (300,), 0, 6000)
    normal = lambda key, n: [jax.random.normal(kk, (n, w)) for kk, w in zip(jax.random.split(key, 6), sizes)]
    state, _ = play(
        state, fixed, pictures[rows[:100]], labels, pictures[rows[100:200]], pictures[rows[200:]],
        jax.random.uniform(k[1], (100, 100)), jax.random.uniform(k[2], (100, 100)), normal(k[3], 300),
        normal(k[4], 100), normal(k[5], 100),
    )
    return state


one = jax.jit(step)
state, count = start(d, g), 0


def run(times):
    global state, count
    for _ in range(times):
        count += 1
        state = one(state, jax.random.fold_in(key, count))
    jax.block_until_ready(state)


compete(run)
