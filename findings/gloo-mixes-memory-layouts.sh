#!/usr/bin/env bash
# Gloo in PyTorch 2.13.0 sends memory, not tensors: weights that are channels-last in one process and not in the other
# arrive permuted from broadcast, and all_reduce adds up numbers that do not belong together. Shapes agree, nothing is
# said.
#
# channels-last is what PyTorch recommends for convolutions. Where rank 0 converts its network and the others do so
# after the first broadcast, or one has read a checkpoint into a converted network, the weights and gradients of the
# others are wrong from then on. all_gather and gather permute rightly; broadcast, scatter and all_reduce do not look.
# Send .contiguous() copies.
#
# Seen: of a [2, 3, 4, 4] tensor with the same numbers in both layouts broadcast, scatter and all_reduce give wrong
# numbers, all_gather the right ones.
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
x = torch.arange(96.0).view(2, 3, 4, 4)
last = x.to(memory_format=torch.channels_last)
assert torch.equal(x, last), "the same tensor"

received = last.clone() if rank == 0 else torch.zeros_like(x)
dist.broadcast(received, 0)
scattered = torch.zeros_like(x)
dist.scatter(scattered, [last, last] if rank == 0 else None, 0)
summed = last.clone() if rank == 0 else x.clone()
dist.all_reduce(summed)
gathered = [torch.zeros_like(x) for _ in range(2)]
dist.all_gather(gathered, last)
dist.barrier()
right = [torch.equal(received, x), torch.equal(scattered, x), torch.equal(summed, 2 * x),
         all(torch.equal(g, x) for g in gathered)]
print(f"torch {torch.__version__}, rank {rank}: right by broadcast, scatter, all_reduce, all_gather:", right)
dist.destroy_process_group()
assert right == [rank == 0, False, False, True]
# Nothing is lost: it is the order of the memory, read in the other layout.
if rank == 1:
    assert torch.equal(received.flatten(), x.permute(0, 2, 3, 1).flatten())
P
timeout 120 env/bin/python look.py 1 & other=$!
timeout 120 env/bin/python look.py 0
wait "$other"
echo "as stated"
