"""Step: at which side the backbone should look, on the first half of val, clean and corrupted."""

from __future__ import annotations

import numpy as np
import torch

from chest_xray_paediatric.network import load_network, logits_of
from chest_xray_paediatric.table import half_of_val, pictures_of, truth_of
from kit.corruptions import corrupt
from kit.figures import auroc, specificity_at_sensitivity
from kit.recipe import Run

SIZES = (128, 160, 192)
HARDEST = ("noise", "exposure +", "JPEG compression", "crop -15 %")


def main(run: Run) -> None:
    torch.set_num_threads(2)
    rows = half_of_val(run.data, 0)
    truth, images = truth_of(rows), pictures_of(run.data, rows)
    seen = {"clean": images, **{name: corrupt(images, name) for name in HARDEST}}
    for size in SIZES:
        network = load_network(run.scratch / "fine" / "network.pt", size)
        areas, specificities = [], []
        for name, version in seen.items():
            score = logits_of(network, torch.from_numpy(version)).double().numpy()
            areas.append(auroc(truth, score))
            specificities.append(specificity_at_sensitivity(truth, score, 0.95))
            print(f"{size} {name}: AUROC {areas[-1]:.4f}, specificity at .95 {specificities[-1]:.3f}", flush=True)
        print(f"{size}: mean AUROC {np.mean(areas):.4f}, mean specificity {np.mean(specificities):.4f}", flush=True)
