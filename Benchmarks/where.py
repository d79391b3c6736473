#!/usr/bin/env python3
"""Where the time and the memory of a step go: a table by kind of work, and one of memory step by step.

    Benchmarks/where.py cifar10 dcgan-64      writes Results/convolutions/step.md

It samples `gan-bench` with `perf record` (Debian: linux-perf) on one thread, for as many seconds as --seconds says, \
and sorts the
samples by what was running. `make bench ONLY=cifar10` builds what it needs.
"""

import argparse
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("works", nargs="+")
parser.add_argument("--bench", default=str(root / ".build/release/gan-bench"))
parser.add_argument("--seconds", type=float, default=20)
parser.add_argument("--out", type=pathlib.Path, default=root / "Results/convolutions/step.md")
options = parser.parse_args()

# The first that fits a sample's shared object and symbol.
KINDS = [
    ("convolutions by Winograd's algorithm: forward and by the picture", r"winograd.*(forward_blocks|run_kernels)"),
    ("the same, by the kernel", r"winograd.*(gradient|gather)"),
    ("convolutions with few channels, as patches", r"patches"),
    ("oneDNN: convolutions made directly, and products", r"\[JIT\]|dnnl|brgemm|mkl_blas|sgemm"),
    ("batch norm", r"batch_norm"),
    ("leaky ReLU and ReLU", r"leaky|leak_and_sum|clamp_min|threshold|relu"),
    ("dropout and draws", r"kept_with|dropout|fill_uniform|fill_normal|philox|add_normal"),
    ("optimiser and averages", r"adam|lerp|addcmul|addcdiv"),
    ("copies and layouts", r"copy|memmove|memcpy|memset|\bcat\b|fill_kernel"),
    ("sums and means", r"sum|reduce|mean|norm_kernel|vectorized_inner|vectorized_outer"),
    ("other arithmetic, element by element", r"VectorizedLoop|vectorized_loop|mkl_vml|vml|kernel_impl|binary|unary"),
    ("the system: pages, scheduling", r"\[k\]|kernel\.kallsyms"),
]


def shares(work):
    """[(kind, percent)], the largest first."""
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        # Warm first: what it does before it says "ready" is no step.
        bench = subprocess.Popen([options.bench, work], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if bench.stdout.readline().strip() != "ready":
            sys.exit(f"{work}: gan-bench did not start")
        recorder = subprocess.Popen(["perf", "record", "-q", "-F", "999", "-o", data, "-p", str(bench.pid)])
        spent = 0.0
        while spent < options.seconds:
            bench.stdin.write("1\n")
            bench.stdin.flush()
            spent += float(bench.stdout.readline())
        bench.stdin.close()
        bench.wait()
        recorder.wait()
        report = subprocess.run(
            ["perf", "report", "-i", data, "--no-children", "--sort", "dso,symbol", "--stdio"],
            capture_output=True, text=True, check=True).stdout
    found = {}
    for line in report.splitlines():
        sample = re.match(r"\s*([\d.]+)%\s+(.*)", line)
        if sample:
            kind = next((name for name, pattern in KINDS if re.search(pattern, sample[2], re.I)), "everything else")
            found[kind] = found.get(kind, 0) + float(sample[1])
    return sorted(found.items(), key=lambda one: -one[1])


def main():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    text = [
        "# Where a step's time and memory go", "",
        f"Written by `Benchmarks/where.py {' '.join(options.works)}`, one thread, on "
        f"{model[1] if model else platform.machine()}"
        f"{' (AVX-512)' if 'avx512f' in pathlib.Path('/proc/cpuinfo').read_text() else ''}.", "",
    ]
    for work in options.works:
        text += [f"## {work}", "", "| of the samples | |", "| --- | --- |"]
        text += [f"| {share:.1f} % | {kind} |" for kind, share in shares(work)]
        memory = subprocess.run(
            [options.bench, work, "--memory", "6"], capture_output=True, text=True, check=True
        ).stdout
        text += ["", "Memory from the first step on:", "", memory.strip(), ""]
    options.out.write_text("\n".join(text))
    print(f"wrote {options.out}")


main()
