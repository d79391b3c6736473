#!/usr/bin/env bash
# torch-fidelity 0.4.0's precision and recall are those of rounding where features are close to each other and far from
# 0.
#
# It takes distances from torch.cdist, which computes those of more than 25 rows as |a|^2 + |b|^2 - 2 a.b in float32.
# Where features differ by little beside their size, as those of a generator that has collapsed do, nothing but rounding
# is left of a distance. The same distances computed by differences, still in float32, give the right shares. With
# Inception features of random weights one picture of 2 000 falls on the wrong side; ours are by differences in float64
# where it matters.
#
# Seen: of two sets of 200 rows from one distribution, 64 numbers of 100 + 0.01 n each, precision and recall should be
# about the same as of the rows less 100. They are not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6
env/bin/pip install --quiet --disable-pip-version-check --no-deps torch==2.13.0+cpu 2>/dev/null ||
  env/bin/pip install --quiet --disable-pip-version-check --no-deps \
    --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
env/bin/pip install --quiet --disable-pip-version-check --no-deps torch-fidelity==0.4.0
env/bin/pip install --quiet --disable-pip-version-check typing_extensions sympy jinja2 networkx filelock fsspec \
  setuptools
cat >look.py <<'P'
import importlib.util, pathlib, sys, types
import torch

# The file alone: the package imports much that this needs nothing of.
place = next(p for p in map(pathlib.Path, sys.path) if (p / "torch_fidelity/metric_prc.py").exists()) / "torch_fidelity"
for name, names in (("helpers", ("get_kwarg", "vprint")), ("utils", (
        "create_feature_extractor", "extract_featuresdict_from_input_id_cached", "resolve_feature_extractor",
        "resolve_feature_layer_for_metric"))):
    module = types.ModuleType(f"torch_fidelity.{name}")
    for function in names:
        setattr(module, function, None)
    sys.modules[f"torch_fidelity.{name}"] = module
sys.modules["torch_fidelity"] = types.ModuleType("torch_fidelity")
spec = importlib.util.spec_from_file_location("metric_prc", place / "metric_prc.py")
prc = importlib.util.module_from_spec(spec)
spec.loader.exec_module(prc)


def exact(generated, real):
    a, b = generated.double(), real.double()
    def distances(x, y):
        return torch.stack([(row - y).square().sum(1) for row in x])
    radius = {k: distances(x, x).kthvalue(4).values for k, x in (("a", a), ("b", b))}
    return ((distances(a, b) <= radius["b"]).any(1).double().mean().item(),
            (distances(b, a) <= radius["a"]).any(1).double().mean().item())


torch.manual_seed(0)
real, generated = (100 + 0.01 * torch.randn(200, 64) for _ in range(2))
theirs = prc.calculate_precision_recall_full(generated, real)
right = exact(generated, real)
print("torch", torch.__version__, "precision and recall: torch-fidelity", theirs, "float64", right)
near = prc.calculate_precision_recall_full(generated - 100, real - 100)
print("of the same rows less 100: torch-fidelity", near)
assert all(abs(a - b) < 0.02 for a, b in zip(near, right)), "near 0 both agree"
assert max(abs(a - b) for a, b in zip(theirs, right)) > 0.2, "the shares agree now: this has changed"
P
PYTHONPATH=$(env/bin/python -c "import sysconfig; print(sysconfig.get_paths()['purelib'])") env/bin/python look.py
