#!/usr/bin/env python3
"""Times swift-gan beside PyTorch and JAX on the same work and writes Benchmarks/RESULTS.md.

    make bench                      everything, about half an hour
    make bench ONLY=mnist,dcgan     some of it; what RESULTS.md says of the rest stays
    make bench CPU=avx2             held to AVX2, all contestants alike, on a processor that has more

Every contestant of a piece of work is a process of its own, all of them alive at once and one at a time awake: \
they are asked in
turn to do the work for a while, round after round, so that what else the machine does falls on all of them. \
Before the clock
starts, the contestants play 20 steps from the same weights on the same numbers, and their losses have to agree.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import results as results_file

here = pathlib.Path(__file__).resolve().parent
root = here.parent

# name, title, peers (label: script, suffix of the work's name), targets (peer's label: at most this ratio), threads
WORKS = [
    {
        "name": "small-game",
        "title": "Small game: D and G 1-32-32-1 tanh, batch 200, logistic, Adam; one D step and one G step",
        "peers": {
            "PyTorch eager": ("small_game_pytorch.py", ""),
            "PyTorch compiled": ("small_game_pytorch.py", "-compiled"),
            "JAX scan": ("small_game_jax.py", ""),
        },
        "targets": {"JAX scan": (0.8, [1])},
    },
    {
        "name": "small-game-32",
        "title": "32 seeds of it at once",
        "peers": {
            "PyTorch eager, one by one": ("small_game_pytorch.py", ""), "JAX vmap in scan": ("small_game_jax.py", ""),
        },
        "targets": {"JAX vmap in scan": (0.7, [1, 0])},
    },
    {
        "name": "tutorial",
        "title": "The tutorial's game \"A\" (10 hidden units, sorted batches, momentum), one seed",
        "peers": {"PyTorch eager": ("small_game_pytorch.py", ""), "JAX scan": ("small_game_jax.py", "")},
        "targets": {},
    },
    {
        "name": "tutorial-32",
        "title": "The tutorial's game \"A\", 32 seeds at once",
        "peers": {
            "ours, one seed": ("gan-bench", "tutorial"),
            "PyTorch eager, one by one": ("small_game_pytorch.py", ""),
            "JAX vmap in scan": ("small_game_jax.py", ""),
        },
        "targets": {"ours, one seed": (6, [1, 0])},
    },
    {
        "name": "mnist",
        "title": "Semi-supervised MNIST iteration, as published, float32",
        "peers": {
            "PyTorch eager": ("mnist_pytorch.py", ""),
            "PyTorch compiled": ("mnist_pytorch.py", "-compiled"),
            "JAX": ("mnist_jax.py", ""),
        },
        "targets": {"PyTorch eager": (0.6, [0]), "JAX": (0.8, [0])},
    },
    {
        "name": "mnist-bfloat16",
        "title": "The same with products in bfloat16",
        "peers": {
            "PyTorch eager, float32": ("mnist_pytorch.py", "mnist"),
            "PyTorch eager, autocast": ("mnist_pytorch.py", ""),
        },
        "targets": {"PyTorch eager, float32": (0.4, [0])},
        "tolerance": None,
    },
    {
        "name": "minibatch-100",
        "title": "Minibatch discrimination, the pairwise part, forward and backward: N = B = 100, C = 5",
        "peers": {
            "PyTorch broadcast": ("minibatch_pytorch.py", ""),
            "PyTorch cdist": ("minibatch_pytorch.py", "-cdist"),
            "JAX": ("minibatch_jax.py", ""),
        },
        "targets": {},
        "absolute": (2.5e-3, [0]),
    },
    {
        "name": "minibatch-1024",
        "title": "The same, N = 1024",
        "peers": {"PyTorch cdist": ("minibatch_pytorch.py", "-cdist"), "JAX": ("minibatch_jax.py", "")},
        "targets": {"PyTorch cdist": (1 / 15, [0])},
    },
    {
        "name": "dcgan",
        "title": "DCGAN step at 32 x 32 (G 256-128-64, D 64-128-256, 4 x 4 kernels, batch norm, batch 64)",
        "peers": {
            "PyTorch eager": ("dcgan_pytorch.py", ""),
            "PyTorch channels-last": ("dcgan_pytorch.py", "-channels-last"),
            "PyTorch compiled": ("dcgan_pytorch.py", "-compiled"),
            "JAX": ("dcgan_jax.py", ""),
        },
        "targets": {"the better peer": (0.9, [0])},
    },
    {
        "name": "dcgan-64",
        "title": "DCGAN step at 64 x 64 by PyTorch's networks (G 512-256-128-64, D 64-128-256-512), batch 64",
        "peers": {
            "PyTorch eager": ("dcgan64_pytorch.py", ""),
            "PyTorch channels-last": ("dcgan64_pytorch.py", "-channels-last"),
        },
        "targets": {"the better peer": (0.8, [1, 0])},
    },
    {
        "name": "cifar10",
        "title": "Semi-supervised CIFAR-10 iteration, as published but with batches of 50, float32",
        "peers": {
            "PyTorch eager": ("semi_pictures_pytorch.py", ""),
            "PyTorch channels-last": ("semi_pictures_pytorch.py", "-channels-last"),
        },
        "targets": {"the better peer": (0.6, [1, 0])},
    },
    {
        "name": "cifar10-bfloat16",
        "title": "Semi-supervised CIFAR-10 iteration with products in bfloat16",
        "peers": {
            "ours, float32": ("gan-bench", "cifar10"),
            "PyTorch channels-last, autocast": ("semi_pictures_pytorch.py", ""),
        },
        "targets": {},
        "tolerance": None,
    },
    {
        "name": "svhn",
        "title": "Semi-supervised SVHN iteration, as published but with batches of 50, float32",
        "peers": {
            "PyTorch eager": ("semi_pictures_pytorch.py", ""),
            "PyTorch channels-last": ("semi_pictures_pytorch.py", "-channels-last"),
        },
        "targets": {"the better peer": (0.6, [1, 0])},
    },
    {
        "name": "sampling",
        "title": "10 000 pictures of 64 x 64 drawn from dcgan-64 and written as PNG files, whole commands",
        "sampling": "pictures",
        "targets": {"PyTorch eager and Pillow": (0.6, [0])},
        "agreement": "From the same weights; the mean and the mean square of what both draw agree to a hundredth.",
    },
    {
        "name": "sampling-zip",
        "title": "The same as one zip of stored PNG files",
        "sampling": "pictures.zip",
        "targets": {"PyTorch eager and Pillow": (0.5, [0])},
        "agreement": "From the same weights; the mean and the mean square of what both draw agree to a hundredth.",
    },
    {
        "name": "convolutions",
        "title": "Convolutions by shape: libtorch's (oneDNN's) and ours",
        "table": ["dcgan", "--convolutions"],
        "agreement": "By the same program in turns; the rate counts the multiplications of the convolution itself, "
        "of which Winograd's algorithm needs fewer: it can be above 1.",
    },
    {
        "name": "mnist-two-processes",
        "title": "Semi-supervised MNIST iteration, as published, in two processes of one thread",
        "peers": {
            "ours, one process of one thread": ("gan-bench", "mnist"),
            "PyTorch DistributedDataParallel, two processes": ("mnist_ddp_pytorch.py", ""),
        },
        "targets": {
            "ours, one process of one thread": (1 / 1.4, [1]),
            "PyTorch DistributedDataParallel, two processes": (0.6, [1]),
        },
        "at once": "mnist",
        "one thread": True,
        "processes": 2,
    },
    {
        "name": "dcgan-64-two-processes",
        "title": "DCGAN step at 64 x 64 (width 64, batch 64) in two processes of one thread",
        "peers": {"ours, one process of one thread": ("gan-bench", "dcgan-64")},
        "targets": {"ours, one process of one thread": (1 / 1.8, [1])},
        "at once": "dcgan-64",
        "one thread": True,
        "processes": 2,
    },
    {
        "name": "resize",
        "title": "A picture in colour from 512 x 512 to 64 x 64, Lanczos",
        "peers": {"Pillow": ("resize_pillow.py", "")},
        "targets": {"Pillow": (1 / 3, [1])},
        "tolerance": 1e-15,
        "agreement": "The same bytes: sums over them, weighted by place, are equal.",
        "one thread": True,
    },
    {
        "name": "pictures",
        "title": "A first epoch over 5 000 JPEGs of 256 to 1024 pixels: decoded, fitted to 64 x 64, in batches of 50",
        "peers": {"torchvision ImageFolder, DataLoader": ("pictures_torchvision.py", "")},
        "targets": {"torchvision ImageFolder, DataLoader": (0.7, [0])},
        "tolerance": 1e-6,
        "agreement": "The same pixels: means and mean squares of every batch agree.",
    },
    {
        "name": "inception",
        "title": "Features of 32 pictures of 64 x 64 by FID's Inception network, resizing included",
        "peers": {"torch-fidelity 0.4.0": ("inception_torch_fidelity.py", "")},
        "targets": {"torch-fidelity 0.4.0": (0.8, [0])},
        "tolerance": 1e-5,
        "agreement": "Means of the features agree.",
    },
    {
        "name": "frechet",
        "title": "The Frechet distance of statistics of 2048 dimensions",
        "peers": {"scipy sqrtm": ("frechet_scipy.py", "")},
        "targets": {"scipy sqrtm": (0.2, [0])},
        "tolerance": 1e-6,
        "agreement": "The same distance.",
    },
    {
        "name": "neighbours",
        "title": "Precision, recall, density and coverage of 10 000 and 10 000 points in 2048 dimensions",
        "peers": {"prdc": ("neighbours_prdc.py", "")},
        "targets": {"prdc": (0.3, [0])},
        "tolerance": 1e-12,
        "agreement": "The same four numbers.",
    },
]

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--only", default="", help="works, separated by commas; what RESULTS.md says of the others stays")
parser.add_argument("--rounds", type=int, default=7, help="times that every contestant is asked (at least 5)")
parser.add_argument("--seconds", type=float, default=1.0, help="about how long a turn takes")
parser.add_argument("--python", default=sys.executable, help="an interpreter with the peers' packages")
parser.add_argument("--bench", default=str(root / ".build/release/gan-bench"))
parser.add_argument(
    "--cpu", choices=["native", "avx2"], default="native", help="the level that all contestants are held to")
parser.add_argument("--results", default=str(here / "RESULTS.md"), help="the file to write")
options = parser.parse_args()
if options.rounds < 5:
    parser.error("--rounds must be at least 5")
if not options.seconds > 0:
    parser.error("--seconds must be above 0")
for option, file in ("--bench", options.bench), ("--python", options.python):
    if not os.access(file, os.X_OK):
        parser.error(f"{option}: {file} is no program; `make bench` builds and installs what is needed")
names = [work["name"] for work in WORKS]
chosen = [name for name in options.only.split(",") if name]
for name in chosen:
    if name not in names:
        parser.error(f"--only: there is no '{name}'; there are {', '.join(names)}")

cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def command(script, work, suffix, threads):
    if script == "gan-bench":
        return [options.bench, suffix or work, "--threads", str(threads)]
    name = suffix if suffix and not suffix.startswith("-") else work + suffix
    return [options.python, str(here / "peers" / script), name, "--threads", str(threads)]


# What holds each library to AVX2: ours, PyTorch's own kernels, oneDNN, MKL, XLA, and OpenBLAS under NumPy and SciPy.
AVX2 = {
    "SWIFT_GAN_CPU": "avx2", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2", "XLA_FLAGS": "--xla_cpu_max_isa=AVX2", "OPENBLAS_CORETYPE": "Haswell",
}


def environment(threads):
    held = AVX2 if options.cpu == "avx2" else {}
    return {
        **os.environ, **held, "BENCHMARK_PYTHON": options.python,
        "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads),
    }


def pinned(threads, processes=1, copy=0):
    """One thread stays on one core, whoever's it is, and its copies on others; several processes have all cores
    between them."""
    if threads > 1 or processes > 1 or not hasattr(os, "sched_setaffinity"):
        return None
    places = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {places[-1 - copy % len(places)]})


def check(work):
    """The largest difference of the losses from ours, by peer; relative where they are above 1."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(pathlib.Path(folder) / "draws.safetensors")

        def losses(script, suffix):
            done = subprocess.run(
                command(script, work["name"], suffix, cores) + ["--check", file],
                capture_output=True, text=True, env=environment(cores),
            )
            if done.returncode:
                return None, done.stderr.strip().splitlines()[-1:] or ["no message"]
            return json.loads(done.stdout), None

        ours, failure = losses("gan-bench", "")
        if failure:
            sys.exit(f"{work['name']}: gan-bench failed: {failure[0]}")
        worst = {}
        for label, (script, suffix) in work["peers"].items():
            if script == "gan-bench" or (suffix and not suffix.startswith("-")):
                continue
            theirs, failure = losses(script, suffix)
            if failure:
                worst[label] = failure[0]
                continue
            worst[label] = max(
                abs(a - b) / max(1, abs(a)) for step, other in zip(ours, theirs) for a, b in zip(step, other)
            )
    return worst


class Contestant:
    """A program that plays when it is asked to; of several copies, which play at once, the last to end counts."""

    def __init__(self, label, arguments, threads, processes=1, copies=1):
        self.label, self.times, self.failure = label, [], None
        self.log = tempfile.TemporaryFile("w+")
        self.copies = [
            subprocess.Popen(
                arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
                env=environment(threads), preexec_fn=pinned(threads, processes, copy),
            )
            for copy in range(copies)
        ]
        if any([copy.stdout.readline().strip() != "ready" for copy in self.copies]):
            self.end()
            self.log.seek(0)
            self.failure = (self.log.read().strip().splitlines() or ["no message"])[-1]
            return
        # So many repetitions that a turn takes about the time asked for.
        self.repetitions, spent = 1, self.play(1)
        while spent < 0.2 * options.seconds:
            self.repetitions = max(
                2 * self.repetitions, int(0.3 * options.seconds * self.repetitions / max(spent, 1e-6))
            )
            spent = self.play(self.repetitions)
        self.repetitions = max(1, round(self.repetitions * options.seconds / spent))

    def play(self, repetitions):
        for copy in self.copies:
            copy.stdin.write(f"{repetitions}\n")
            copy.stdin.flush()
        return max([float(copy.stdout.readline()) for copy in self.copies])

    def turn(self):
        self.times.append(self.play(self.repetitions) / self.repetitions)

    def end(self):
        for copy in self.copies:
            if not copy.stdin.closed:
                copy.stdin.close()
            copy.wait()

    @property
    def median(self):
        return statistics.median(self.times)


class Command:
    """A contestant whose turn is a whole command, which makes `out`."""

    def __init__(self, label, arguments, threads, out):
        self.label, self.arguments, self.threads, self.out = label, arguments, threads, out
        self.times, self.failure = [], None

    def turn(self):
        begun = time.perf_counter()
        done = subprocess.run(
            self.arguments, capture_output=True, text=True,
            env=environment(self.threads), preexec_fn=pinned(self.threads),
        )
        self.times.append(time.perf_counter() - begun)
        if done.returncode:
            sys.exit(f"{self.label}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
        shutil.rmtree(self.out) if self.out.is_dir() else self.out.unlink()

    @property
    def median(self):
        return statistics.median(self.times)


def sampling(work, threads, count=10000):
    """A run of one step on pictures of noise; its generator draws, here and in PyTorch."""
    gan, peer = str(root / ".build/release/gan"), [options.python, str(here / "peers/sampling_pillow.py")]
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        script = (
            "import sys, numpy; from PIL import Image\nfor i in range(64):\n"
            "    Image.fromarray(numpy.random.default_rng(i).integers(0, 256, (64, 64, 3), 'uint8'))"
            ".save(f'{sys.argv[1]}/{i}.png')"
        )
        (place / "noise").mkdir()
        for command in (
            [options.python, "-c", script, str(place / "noise")],
            [
                gan, "train", "dcgan-64", "--data", str(place / "noise"), "--set", "duration.count=1",
                "--out", str(place / "run"),
            ],
        ):
            subprocess.run(command, check=True, capture_output=True)
        agree(gan, peer, place)
        out = place / work["sampling"]
        ours = [gan, "sample", str(place / "run"), "--out", f"{out}{'' if out.suffix else '/'}"]
        contestants = [Command("swift-gan", ours, threads, out)] + [
            Command(label, [*peer, str(place / "run"), str(out), *more], threads, out)
            for label, more in (
                ("PyTorch eager and Pillow", []), ("PyTorch channels-last and Pillow", ["--channels-last"]))
        ]
        for contestant in contestants:
            contestant.arguments += ["--count", str(count), "--threads", str(threads)]
        # Each takes some ten seconds: three rounds, and none to warm up.
        for _ in range(3):
            for contestant in contestants:
                contestant.turn()
    return contestants


def agree(gan, peer, place):
    """Whether 1024 pictures of both have the same mean and mean square, to a hundredth."""
    run, out = str(place / "run"), place / "few"
    subprocess.run([gan, "sample", run, "--count", "1024", "--out", f"{out}/"], check=True, capture_output=True)
    sums = (
        "import sys, numpy, pathlib; from PIL import Image\n"
        "x = numpy.stack([numpy.asarray(Image.open(f)) for f in pathlib.Path(sys.argv[1]).iterdir()]).astype(float)\n"
        "print(x.mean(), (x * x).mean())"
    )
    answers = [
        [float(word) for word in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]
        for command in (
            [options.python, "-c", sums, str(out)],
            [*peer, run, str(out), "--count", "1024", "--threads", "1", "--sums"],
        )
    ]
    shutil.rmtree(out)
    for own, other in zip(*answers):
        if abs(own - other) > 0.01 * own:
            sys.exit(f"sampling: not the same pictures: means and mean squares {answers}")


def duration(seconds):
    for unit, factor in ("s", 1), ("ms", 1e3), ("us", 1e6):
        if seconds * factor >= 1:
            break
    value = seconds * factor
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}"


def measure(work, threads):
    processes = work.get("processes", 1)
    contestants = [Contestant("swift-gan", command("gan-bench", work["name"], "", threads), threads, processes)]
    for label, (script, suffix) in work["peers"].items():
        contestants.append(Contestant(label, command(script, work["name"], suffix, threads), threads, processes))
    if "at once" in work:
        # What the machine's cores give: processes that share nothing, and have twice the work of one.
        arguments = command("gan-bench", work["at once"], work["at once"], threads)
        contestants.append(
            Contestant("ours, two games at once, each one process of one thread", arguments, threads, copies=2))
    racing = [c for c in contestants if not c.failure]
    if contestants[0].failure:
        sys.exit(f"{work['name']}: gan-bench failed: {contestants[0].failure}")
    for round in range(options.rounds + 1):
        for contestant in racing:
            contestant.turn()
    for contestant in contestants:
        contestant.times = contestant.times[1:]  # the first round warms the caches
        contestant.end()
    return contestants


def lines_of(work, threads, contestants):
    ours = contestants[0]
    lines = ["| contestant | median | least to most | swift-gan takes |", "| --- | --- | --- | --- |"]
    for contestant in contestants:
        if contestant.failure:
            lines.append(f"| {contestant.label} | did not run: {contestant.failure[:80]} | | |")
            continue
        ratio = "" if contestant is ours else f"{ours.median / contestant.median:.2f} of it"
        spread = f"{duration(min(contestant.times))} to {duration(max(contestant.times))}"
        lines.append(f"| {contestant.label} | {duration(contestant.median)} | {spread} | {ratio} |")
    lines.append("")
    verdicts = []
    medians = {c.label: c.median for c in contestants if c.times}
    for label, (limit, when) in work["targets"].items():
        if (threads if threads == 1 else 0) not in when:
            continue
        against = (
            min(m for l, m in medians.items() if l != "swift-gan") if label == "the better peer" else medians.get(label)
        )
        if against is None:
            continue
        ratio = ours.median / against
        verdicts.append(
            f"{ratio:.3g} of {label}; the aim is at most {limit:.2g}: {'reached' if ratio <= limit else 'missed'}."
        )
    if "absolute" in work:
        limit, when = work["absolute"]
        if (threads if threads == 1 else 0) in when:
            verdicts.append(
                f"{duration(ours.median)}; the aim is at most {duration(limit)}: "
                f"{'reached' if ours.median <= limit else 'missed'}."
            )
    return lines + verdicts + ([""] if verdicts else [])


def machine():
    model, vectors = platform.processor() or platform.machine(), "unknown vectors"
    try:
        info = pathlib.Path("/proc/cpuinfo").read_text()
        model = re.search(r"model name\s*: (.*)", info).group(1)
        flags = set(re.search(r"flags\s*: (.*)", info).group(1).split())
        vectors = next((n for f, n in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if f in flags), "no AVX2")
    except (OSError, AttributeError):
        pass
    level = "AVX2" if options.cpu == "avx2" else vectors
    held = ", all contestants held to AVX2" if options.cpu == "avx2" and vectors != "AVX2" else ""
    versions = subprocess.run(
        [options.python, "-c", "import torch, jax; print(torch.__version__, jax.__version__)"],
        capture_output=True, text=True
    ).stdout.split() or ["?", "?"]
    version = subprocess.run(
        ["git", "-C", str(root), "describe", "--always", "--dirty"], capture_output=True, text=True
    )
    return level, (
        f"{model}, {cores} cores, {vectors}{held}; {platform.system()}. "
        f"swift-gan at {version.stdout.strip() or 'an unknown commit'}; "
        f"PyTorch {versions[0]}, JAX {versions[1]}. {datetime.date.today().isoformat()}."
    )


def start_up():
    """Small things kept small: seconds to the first step of `gan demo`, and what a run holds in memory."""
    gan = root / ".build/release/gan"
    if not gan.exists():
        return []
    rows, seconds = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(5):
            begun = time.perf_counter()
            subprocess.run(
                [str(gan), "demo", "--steps", "1", "--seeds", "1", "--out", f"{folder}/demo"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            seconds.append(time.perf_counter() - begun)
        first = statistics.median(seconds)
        rows.append(
            f"- `gan demo` of one step, start to end, with the thousand steps that D is fitted to the density "
            f"before each of the four games and the page written: {duration(first)}. "
            f"The aim is its first step in under 1 s: {'reached' if first < 1 else 'not shown'}."
        )
        begun = time.perf_counter()
        built = subprocess.run(
            [
                "swift", "build", "-c", "release", "--product", "gan", "--package-path", str(root),
                "--scratch-path", f"{folder}/build",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        if built.returncode == 0:
            rows.append(
                "- `swift build` of `gan` from clean, packages fetched from the cache: "
                f"{time.perf_counter() - begun:.0f} s."
            )
        once = subprocess.run(
            [options.bench, "neighbours", "--points", "50000", "--threads", str(cores)],
            capture_output=True, text=True).stdout.split()
        if len(once) == 2:
            rows.append(
                f"- Precision, recall, density and coverage of 50 000 and 50 000 points in 2048 dimensions, "
                f"{cores} threads, once: "
                f"{float(once[0]):.0f} s, and {once[1]} MB beside the points. The aim is at most 200 MB: "
                f"{'reached' if float(once[1]) <= 200 else 'missed'}.")
        script = (
            "import resource, subprocess, sys; "
            "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        for label, arguments in (
            ("the small game", [options.bench, "small-game"]),
            ("32 seeds of it", [options.bench, "small-game-32"]),
            ("the MNIST iteration", [options.bench, "mnist"]),
        ):
            peak = subprocess.run(
                [options.python, "-c", script, "sh", "-c", f"echo 20 | {' '.join(arguments)}"],
                capture_output=True, text=True
            ).stdout
            rows.append(f"- Peak memory of {label}: {int(peak) // 1024} MiB.")
    return rows


def main():
    level, where = machine()
    where += f" {options.rounds} rounds, turns of about {options.seconds:g} s."
    if level == "AVX2" and options.cpu == "native":
        print("this processor has no AVX-512: what RESULTS.md says of one that has it stays as it was", flush=True)
    measured = {}
    for work in WORKS:
        if chosen and work["name"] not in chosen:
            continue
        if level in ("AVX2", "no AVX2") and work["name"].endswith("-bfloat16"):
            print(f"{work['name']}: left out, since this processor makes no products in bfloat16", flush=True)
            continue
        if "table" in work:
            text = [where]
            for threads in [1] + ([cores] if cores > 1 else []):
                print(f"{work['name']}, {threads} thread{'s' if threads > 1 else ''}", flush=True)
                table = subprocess.run(
                    [options.bench, *work["table"], "--threads", str(threads)], capture_output=True, text=True,
                    env=environment(threads), preexec_fn=pinned(threads), check=True,
                ).stdout.strip()
                print(table, flush=True)
                text += ["", f"{'One thread' if threads == 1 else f'{threads} threads'}:", "", table]
            measured[work["title"]] = (work["agreement"], "\n".join(text))
            save(measured, level)
            continue
        # That several processes play the game of one is what tests show: SharedGameTests.
        worst = {} if "processes" in work or "sampling" in work else check(work)
        if worst:
            print(f"{work['name']}: the same losses?", flush=True)
        limit = work.get("tolerance", 1e-4)
        for label, difference in worst.items():
            print(f"  {label}: {difference if isinstance(difference, str) else f'{difference:.1e}'}", flush=True)
            if limit and not isinstance(difference, str) and difference > limit:
                sys.exit(f"{work['name']}: {label} does not play the same game: losses differ by {difference:.1e}")
        agreed = [d for d in worst.values() if not isinstance(d, str)]
        above, text = "", [where, ""]
        if (agreed or "sampling" in work) and "agreement" in work:
            above = work["agreement"]
        elif agreed and limit:
            what = (
                "Output and gradient" if work["name"].startswith("minibatch")
                else "Losses of 20 steps from the same weights and draws"
            )
            text += [f"{what} agree to {max(agreed):.0e}.", ""]
        for threads in sorted({cores} if "sampling" in work else {1} if "one thread" in work else {1, cores}):
            print(f"{work['name']}, {threads} thread{'s' if threads > 1 else ''}", flush=True)
            contestants = sampling(work, threads) if "sampling" in work else measure(work, threads)
            lines = lines_of(work, threads, contestants)
            print("\n".join(lines), flush=True)
            text += [f"{'One thread' if threads == 1 else f'{threads} threads'}:", "", *lines]
        measured[work["title"]] = (above, "\n".join(text).strip())
        save(measured, level)
    if not chosen and options.cpu == "native":
        measured["Beside speed"] = ("", "\n".join([where, "", *start_up()]).strip())
        save(measured, level)


def save(measured, level):
    """After every work: what was measured stays measured."""
    file = pathlib.Path(options.results)
    sections = results_file.read(file.read_text()) if file.exists() else {}
    for title, (above, block) in measured.items():
        known_above, levels = sections.get(title, ("", {}))
        sections[title] = (above or known_above, {**levels, level: block})
    partial = file.with_suffix(".partial")
    partial.write_text(results_file.write(sections, [work["title"] for work in WORKS]))
    partial.replace(file)
    print(f"wrote {file}", flush=True)


main()
