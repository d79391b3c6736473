#!/usr/bin/env bash
# An all-reduce with MAX (or MIN) over Gloo in PyTorch 2.13.0 may lose NaN, and which NaN it loses depends on where in
# the tensor it is and on which process has it. In torch.maximum and torch.max NaN wins.
#
# Trainers on several processes reduce a loss, a gradient's norm or a flag with MAX to learn whether anybody's has
# become NaN. Here the NaN of one process is replaced by the other's finite number in one half of the tensor; of a
# tensor of one number, as a loss is, the first process's NaN is seen and the second's never is. All go on, one of them
# with NaN in its weights. Reduce isnan() with MAX, or the number itself with SUM.
#
# Seen: 2 processes; NaN in rank 0: 1 of 1 and 2 of 4 numbers are NaN afterwards; NaN in rank 1: 0 of 1, 2 of 4. With
# SUM all are.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OMP_NUM_THREADS=1 GLOO_SOCKET_IFNAME=lo
python3 -m venv env
install() { env/bin/pip install --quiet --disable-pip-version-check "$@"; }
install numpy==2.4.6 typing_extensions==4.16.0 sympy==1.14.0 mpmath==1.3.0 jinja2==3.1.6 MarkupSafe==3.0.4 \
  networkx==3.6.1 filelock==4.3.1 fsspec==2026.9.0 setuptools==84.2.1
install --no-deps torch==2.13.0+cpu 2>/dev/null ||
  install --no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
cat >look.py <<'P'
import datetime, os, sys
import torch, torch.distributed as dist

rank = int(sys.argv[1])
dist.init_process_group("gloo", init_method=f"file://{os.getcwd()}/meet", rank=rank, world_size=2,
                        timeout=datetime.timedelta(seconds=60))
found = []
for operation in (dist.ReduceOp.MAX, dist.ReduceOp.MIN, dist.ReduceOp.SUM):
    for ill in (0, 1):
        for count in (1, 4):
            x = torch.full((count,), float("nan") if rank == ill else 1.0)
            dist.all_reduce(x, operation)
            found.append(int(x.isnan().sum()))
            if rank == 0:
                print(f"torch {torch.__version__} {operation}: NaN in rank {ill}, "
                      f"{found[-1]} of {count} NaN afterwards")
dist.barrier()
dist.destroy_process_group()
# What one would expect, and what SUM gives: every number is NaN.
assert torch.maximum(torch.tensor(float("nan")), torch.tensor(1.0)).isnan()
assert found[8:] == [1, 4, 1, 4], found
assert found[:4] == [1, 2, 0, 2] and found[4:8] == [1, 2, 0, 2], found
P
timeout 120 env/bin/python look.py 1 & other=$!
timeout 120 env/bin/python look.py 0
wait "$other"
echo "as stated"
