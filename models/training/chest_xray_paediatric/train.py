"""Steps: train the network on a coarse map, refine it to a finer one, and train two shorter ones for stability.

Each keeps the round that is best on the first half of val, in NAME/network.pt of the run's scratch folder.
"""

from __future__ import annotations

import dataclasses
import time

import torch

from chest_xray_paediatric.augment import augment
from chest_xray_paediatric.fit import Plan, fit
from chest_xray_paediatric.network import WORKING, Network, logits_of
from chest_xray_paediatric.table import half_of_val, pictures_of, rows_of, truth_of
from kit.augmentation import views_of
from kit.figures import auroc, specificity_at_sensitivity
from kit.recipe import Run

COARSE = Plan(rounds=6, per_round=2944)
FINE = Plan(
    rounds=3, per_round=2208, working=WORKING, fine=True, hiding=0.5, rate=4e-4, frozen_blocks=5
)  # the map gets twice the cells a side and learns to add up
SHORT = Plan(rounds=2, per_round=1472)


def coarse(run: Run) -> None:
    _train(run, "coarse", COARSE)


def fine(run: Run) -> None:
    _train(run, "fine", FINE, start="coarse")


def resized(run: Run) -> None:
    """On the files that the copy stored resized and no others; the rest as it is."""
    _train(run, "resized", SHORT, only="resized")


def original(run: Run) -> None:
    """On the files that the copy stored as they were."""
    _train(run, "original", SHORT, only="original")


def _train(run: Run, name: str, plan: Plan, start: str | None = None, only: str | None = None) -> None:
    torch.set_num_threads(2)
    torch.set_flush_denormal(True)
    began = time.monotonic()
    out = run.scratch / name
    out.mkdir(exist_ok=True)
    train = [row for row in rows_of(run.data, "train") if only in (None, row.attributes["stored_as"])]
    choosing = half_of_val(run.data, 0)
    print(f"{dataclasses.asdict(plan)} only={only} train={len(train)} choosing={len(choosing)}", flush=True)
    truth, clean = truth_of(choosing), pictures_of(run.data, choosing)
    disturbed = views_of(clean, 1, augment)
    best = [-1.0]

    def choose(round_: int, network: Network) -> None:
        if round_ % 2 and round_ != plan.rounds:
            return
        scores = [logits_of(network, torch.from_numpy(images)).double().numpy() for images in (clean, disturbed)]
        areas = [auroc(truth, score) for score in scores]
        specificities = [specificity_at_sensitivity(truth, score, 0.95) for score in scores]
        print(
            f"round {round_}: choosing half AUROC {areas[0]:.4f} disturbed {areas[1]:.4f}, specificity at "
            f"sensitivity .95 {specificities[0]:.3f} disturbed {specificities[1]:.3f}, "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
        if sum(areas) >= best[0]:
            best[0] = sum(areas)
            torch.save({"weights": network.state_dict(), "plan": dataclasses.asdict(plan)}, out / "network.pt")

    fit(pictures_of(run.data, train), truth_of(train), plan, choose, _weights_of(run, start))
    print(f"done in {time.monotonic() - began:.0f} s")


def _weights_of(run: Run, name: str | None) -> dict[str, torch.Tensor] | None:
    if name is None:
        return None
    return torch.load(run.scratch / name / "network.pt", map_location="cpu", weights_only=True)["weights"]
