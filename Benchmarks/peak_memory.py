#!/usr/bin/env python3
"""The most memory that an iteration takes: swift-gan beside PyTorch eager and channels-last, \
whole processes, one after the other.

    Benchmarks/.venv/bin/python Benchmarks/peak_memory.py cifar10 svhn      writes Results/convolutions/memory.md

Each plays a few iterations; what the system says was the most in memory at once (VmHWM) includes libtorch, \
and for PyTorch Python.
`make bench ONLY=cifar10` builds what it needs. Linux only.
"""
import argparse
import os
import pathlib
import platform
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("works", nargs="+", choices=["cifar10", "svhn"])
parser.add_argument("--iterations", type=int, default=6)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--out", type=pathlib.Path, default=root / "Results/convolutions/memory.md")
options = parser.parse_args()


def peak(arguments):
    """MiB."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        if process.stdout.readline().strip() != "ready":
            sys.exit(f"{arguments[0]} does not begin")
        process.stdin.write(f"{options.iterations}\n")
        process.stdin.flush()
        process.stdout.readline()
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        process.stdin.close()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


peer = [sys.executable, str(root / "Benchmarks/peers/semi_pictures_pytorch.py")]
lines = [
    "# The most memory that an iteration takes", "",
    f"Whole processes, {options.iterations} iterations with batches of 50, threads: {options.threads}; "
    f"{platform.system()}. Made by `Benchmarks/peak_memory.py`.", "",
    "| work | swift-gan | PyTorch eager | PyTorch channels-last | swift-gan takes, of the smaller |",
    "| --- | --- | --- | --- | --- |",
]
for work in options.works:
    tail = ["--threads", str(options.threads)]
    own = peak([str(root / ".build/release/gan-bench"), work, *tail])
    theirs = [peak([*peer, work + form, *tail]) for form in ("", "-channels-last")]
    lines.append(f"| {work} | {own:.0f} MiB | {theirs[0]:.0f} MiB | {theirs[1]:.0f} MiB | {own / min(theirs):.2f} |")
    print(lines[-1], flush=True)
options.out.write_text("\n".join(lines) + "\n")
