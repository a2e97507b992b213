"""Step 2: at which side the backbone should look, on the choosing half of val, clean and corrupted.

python choose_size.py --data DIR --network runs/main/network.pt
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from corruptions import corrupt
from export_onnx import load_network
from images import read_images
from labels import halve_by_patient, part, read_rows
from metrics import auroc, specificity_at_sensitivity
from network import logits_of

HARDEST = ["noise", "exposure +", "JPEG compression", "crop -15 %"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 160, 192])
    parser.add_argument("--corruptions", nargs="*", default=HARDEST)
    args = parser.parse_args()
    torch.set_num_threads(2)
    rows, _ = halve_by_patient(part(read_rows(args.data), "val"))
    truth, images = np.array([row.pneumonia for row in rows]), read_images(args.data, rows)
    seen = {"clean": images, **{name: corrupt(images, name) for name in args.corruptions}}
    for size in args.sizes:
        network = load_network(args.network, size)
        areas, specificities = [], []
        for name, version in seen.items():
            score = logits_of(network, torch.from_numpy(version)).numpy()
            areas.append(auroc(truth, score))
            specificities.append(specificity_at_sensitivity(truth, score, 0.95))
            print(f"{size} {name}: AUROC {areas[-1]:.4f}, specificity at .95 {specificities[-1]:.3f}", flush=True)
        print(f"{size}: mean AUROC {np.mean(areas):.4f}, mean specificity {np.mean(specificities):.4f}", flush=True)


if __name__ == "__main__":
    main()
