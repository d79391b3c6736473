#!/usr/bin/env bash
# torch.onnx.export of PyTorch 2.13.0 exports a network in train() with dropout at work and batch norm not: of the same module, one
# follows train() and the other is folded away with its running statistics.
#
# pix2pix draws with both in training mode, by its paper, and so do DCGANs that normalise by the batch. The file computes neither
# train() nor eval(), nothing is said, and without any training pass before (statistics 0 and 1) batch norm is not there at
# all. optimize=False keeps the node, without training_mode.
#
# Seen (onnx 1.23.2, onnxscript 0.7.2, onnxruntime 1.32.0): nodes of Linear, BatchNorm1d, Dropout in train() are Gemm and Dropout;
# two runs differ, as dropout is at work; without dropout the output is that of eval() to 1e-5 and above 1 from that of train().
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OMP_NUM_THREADS=1
python3 -m venv env
install() { env/bin/pip install --quiet --disable-pip-version-check "$@"; }
install numpy==2.4.6 typing_extensions==4.16.0 sympy==1.14.0 mpmath==1.3.0 jinja2==3.1.6 MarkupSafe==3.0.4 networkx==3.6.1 \
  filelock==4.3.1 fsspec==2026.9.0 setuptools==84.2.1
install --no-deps torch==2.13.0+cpu 2>/dev/null ||
  install --no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
install onnx==1.23.2 onnx-ir==1.1.0 onnxscript==0.7.2 onnxruntime==1.32.0 ml_dtypes==0.6.0
cat >look.py <<'P'
import copy, io, warnings
import numpy as np, onnx, onnxruntime, torch
from torch import nn
warnings.simplefilter("ignore")

def exported(network, x):
    file = io.BytesIO()
    torch.onnx.export(network, (x,), file, dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    run = lambda: session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
    return [node.op_type for node in onnx.load_model_from_string(file.getvalue()).graph.node], run

torch.manual_seed(0)
x = torch.randn(8, 4) * 3 + 2
nodes, run = exported(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)).train(), x)
print("torch", torch.__version__, "nodes", nodes, "two runs are the same:", np.array_equal(run(), run()))
assert nodes == ["Gemm", "Dropout"] and not np.array_equal(run(), run())

network = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)).train()
_, run = exported(network, x)
train = np.abs(copy.deepcopy(network).train()(x).detach().numpy() - run()).max()
still = np.abs(copy.deepcopy(network).eval()(x).detach().numpy() - run()).max()
print(f"a network in train(): the file is {train:.3g} from what it computes, {still:.3g} from what it would in eval()")
assert network.training and train > 1 and still < 1e-5
P
env/bin/python look.py 2>/dev/null
echo "as stated"
