"""Step 1: trains one network and keeps the round that is best on the choosing half of val.

    python train_network.py --data DIR --out runs/coarse [--only resized|original] [--rounds N]
    python train_network.py --data DIR --out runs/main --start runs/coarse/network.pt --working 160 --rounds 3 --per-round 2208

--only trains on the files stored one way (for the stability figures) and leaves everything else as it is. --start
refines a trained network: the map gets twice the cells a side and learns to add up.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path

import numpy as np
import torch

from augment import augmented
from fit import Plan, fit
from images import read_images
from labels import halve_by_patient, part, read_rows
from metrics import auroc, specificity_at_sensitivity
from network import Network, logits_of


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", choices=["resized", "original"])
    parser.add_argument("--start", type=Path)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--per-round", type=int, default=2944)
    parser.add_argument("--working", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    args = parse()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    args.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()

    def log(line: str) -> None:
        with (args.out / "train.log").open("a") as handle:
            print(line, file=handle)
        print(line, flush=True)

    rows = read_rows(args.data)
    train = [row for row in part(rows, "train") if args.only in (None, row.stored_as)]
    choosing, _ = halve_by_patient(part(rows, "val"))
    plan = Plan(rounds=args.rounds, per_round=args.per_round, working=args.working)
    if args.start:
        plan = dataclasses.replace(plan, fine=True, hiding=0.5, rate=4e-4, frozen_blocks=5)
    start = torch.load(args.start, map_location="cpu", weights_only=True)["weights"] if args.start else None
    log(f"{dataclasses.asdict(plan)} only={args.only} train={len(train)} choosing={len(choosing)}")

    truth = np.array([row.pneumonia for row in choosing])
    clean = read_images(args.data, choosing)
    disturbed = augmented(clean, seed=1)
    best = [-1.0]

    def choose(round_: int, network: Network) -> None:
        if round_ % 2 and round_ != plan.rounds:
            return
        scores = [logits_of(network, torch.from_numpy(images)).numpy() for images in (clean, disturbed)]
        areas = [auroc(truth, score) for score in scores]
        specificities = [specificity_at_sensitivity(truth, score, 0.95) for score in scores]
        log(
            f"round {round_}: choosing half AUROC {areas[0]:.4f} disturbed {areas[1]:.4f}, specificity at "
            f"sensitivity .95 {specificities[0]:.3f} disturbed {specificities[1]:.3f}, "
            f"{time.monotonic() - began:.0f} s"
        )
        if sum(areas) >= best[0]:
            best[0] = sum(areas)
            torch.save({"weights": network.state_dict(), "plan": dataclasses.asdict(plan)}, args.out / "network.pt")

    fit(read_images(args.data, train), np.array([row.pneumonia for row in train]), plan, choose, log, start)
    log(f"done in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
