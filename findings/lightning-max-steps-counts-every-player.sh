#!/usr/bin/env bash
# Lightning 2.6.6 counts a step for every optimiser's step: of a GAN, with manual optimisation, max_steps, global_step
# and ModelCheckpoint(every_n_train_steps) count D's and G's moves together.
#
# Two runs with max_steps=60 are not equally long where D moves once or five times for each move of G: one plays 30
# batches, the other 10. A paper's "100 000 steps" of a WGAN with five critic steps becomes 16 667. A recipe that
# changes the number of D's steps changes the length of the run, where its logs' axis shows the same. Count batches
# yourself, or give max_steps (k + 1) times the number.
#
# Seen: max_steps=60 plays 30 batches with one step of D for each of G, 20 with two, 10 with five; global_step is 60
# each time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OMP_NUM_THREADS=1
python3 -m venv env
install() { env/bin/pip install --quiet --disable-pip-version-check "$@"; }
install numpy==2.4.6 typing_extensions==4.16.0 sympy==1.14.0 mpmath==1.3.0 jinja2==3.1.6 MarkupSafe==3.0.4 \
  networkx==3.6.1 filelock==4.3.1 fsspec==2026.9.0 setuptools==84.2.1 packaging==26.4 PyYAML==6.0.4 \
  tqdm==4.70.1 aiohttp==3.14.5
install --no-deps torch==2.13.0+cpu 2>/dev/null ||
  install --no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
install --no-deps lightning==2.6.6 pytorch-lightning==2.6.6 torchmetrics==1.9.0 lightning-utilities==0.15.3
cat >look.py <<'P'
import logging, warnings
import torch
warnings.simplefilter("ignore")
import lightning
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

class Game(lightning.LightningModule):
    """D moves `turns` times for each move of G."""
    def __init__(self, turns):
        super().__init__()
        self.automatic_optimization = False
        self.g, self.d = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
        self.turns, self.batches = turns, 0

    def training_step(self, x, index):
        self.batches += 1
        of_g, of_d = self.optimizers()
        for _ in range(self.turns):
            of_d.zero_grad()
            self.manual_backward((self.d(x) - 1).square().mean() + self.d(self.g(x).detach()).square().mean())
            of_d.step()
        of_g.zero_grad()
        self.manual_backward((self.d(self.g(x)) - 1).square().mean())
        of_g.step()

    def configure_optimizers(self):
        return torch.optim.Adam(self.g.parameters()), torch.optim.Adam(self.d.parameters())

print("lightning", lightning.__version__, "torch", torch.__version__)
data = torch.utils.data.DataLoader(torch.zeros(400, 1), batch_size=4)
found = {}
for turns in (1, 2, 5):
    game = Game(turns)
    trainer = lightning.Trainer(max_steps=60, accelerator="cpu", logger=False, enable_checkpointing=False,
                                enable_progress_bar=False, enable_model_summary=False)
    trainer.fit(game, data)
    found[turns] = (game.batches, trainer.global_step)
    print(f"max_steps 60, {turns} steps of D for each of G: {game.batches} batches, global_step {trainer.global_step}")
assert found == {1: (30, 60), 2: (20, 60), 5: (10, 60)}, found
P
env/bin/python look.py
