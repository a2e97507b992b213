"""How the network learns: its late stages, from middle features of a fixed set of views, through the kit's fine-tuning.

The early blocks stay ImageNet's, so what they give of a view is computed once (`views.py`) and used for every fold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from brain_haemorrhage.network import Late
from kit.backbone import MIDDLE, imagenet_backbone
from kit.finetune import Schedule, adapt_norms, draw_evenly, finetune, freeze
from kit.folds import Places

SUBTYPES_COUNT = 0.3  # of the loss of `any`, all of them together: they rest on 3 to 16 patients


@dataclass(frozen=True)
class Plan:
    """How long and how hard to train. A round is `per_round` slices, a share `positive` of them bleeding.

    Nothing is stopped early: with so few patients, a part to stop by would be a part not learned from.
    """

    rounds: int = 5
    per_round: int = 736
    batch: int = 32
    positive: float = 0.35
    rate: float = 5e-4
    decay: float = 0.05
    smoothing: float = 0.06  # a slice beside the last that bleeds is often borderline
    averaging: float = 0.97
    seed: int = 20261128


def _batches(
    middles: Tensor, labels: NDArray[np.int64], rows: Places, plan: Plan, round_: int
) -> Iterator[list[Tensor]]:
    """Middle features [B,112,12,12] of a view drawn at random, mirrored by chance, with labels [B,6]."""
    rng = np.random.default_rng([plan.seed, round_])
    ill = labels[rows, 0] == 1
    count = round(plan.per_round * plan.positive)
    drawn = [draw_evenly(rows[ill], count, rng), draw_evenly(rows[~ill], plan.per_round - count, rng)]
    for chosen in np.array_split(rng.permutation(np.concatenate(drawn)), plan.per_round // plan.batch):
        seen = middles[rng.integers(0, len(middles), len(chosen)), chosen].float()
        mirrored = torch.from_numpy(rng.random(len(chosen)) < 0.5)[:, None, None, None]
        yield [torch.where(mirrored, seen.flip(3), seen), torch.from_numpy(labels[chosen]).float()]


def _loss(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Binary cross-entropy with soft labels, `any` first."""
    soft = labels * (1 - smoothing) + smoothing / 2
    losses = F.binary_cross_entropy_with_logits(logits, soft, reduction="none").mean(0)
    return losses[0] + SUBTYPES_COUNT * losses[1:].mean()


def fit(middles: Tensor, labels: NDArray[np.int64], rows: Places, plan: Plan) -> Late:
    """Trains on some rows of the views' middle features [V,N,112,12,12] and labels [N,6]; the averaged network."""
    torch.manual_seed(plan.seed)
    late = Late(imagenet_backbone(fine=False))
    freeze(late.backbone, MIDDLE)
    found: list[Late] = []

    def loss_of(batch: Sequence[Tensor]) -> Tensor:
        return _loss(late(batch[0]), batch[1], plan.smoothing)

    def keep(round_: int, averaged: Late) -> None:
        if round_ == plan.rounds:
            found.append(averaged)

    adapt_norms(late, _batches(middles, labels, rows, plan, 0))
    schedule = Schedule(plan.rounds, plan.per_round // plan.batch, plan.rate, plan.decay, plan.averaging)
    finetune(late, lambda round_: _batches(middles, labels, rows, plan, round_), loss_of, schedule, keep)
    return found[0].eval()
