"""What every peer speaks: `peer.py WORK --threads N [--check FILE]`.

Without --check: prints "ready" once warm; then, for each line with a number, the seconds that so many repetitions took.
With it: reads the weights and draws that `gan-bench WORK --check FILE` wrote, and prints the losses of as many steps as
those hold.
"""

import argparse
import json
import os
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("work")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--check")
options = parser.parse_args()

# Before the libraries are imported, which read it once.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(options.threads)
os.environ["XLA_FLAGS"] = (
    f"--xla_cpu_multi_thread_eigen={'true' if options.threads > 1 else 'false'} "
    f"intra_op_parallelism_threads={options.threads}"
)
if options.threads == 1:
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})

# Games of Adam amplify a rounding from step to step until nothing can be compared; with small steps the same formulas
# can.
rate_factor = 0.01 if options.check else 1.0


def tensors():
    """What gan-bench wrote, as NumPy arrays."""
    from safetensors.numpy import load_file

    return load_file(options.check)


def checked(losses):
    """Prints the pairs of losses and stops."""
    print(json.dumps([[float(a) for a in pair] for pair in losses]))
    sys.exit()


def compete(run, warm=3):
    """Plays when asked to. `run(n)` does the work n times and returns once it is done."""
    run(warm)
    print("ready", flush=True)
    for line in sys.stdin:
        times = int(line)
        start = time.perf_counter()
        run(times)
        print(time.perf_counter() - start, flush=True)
