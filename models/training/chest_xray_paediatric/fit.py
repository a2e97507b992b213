"""How the network is trained: balanced batches of augmented views through the kit's fine-tuning.

A trained network can be refined (`start`): it keeps its statistics, and some views are shown again with parts hidden.
What is still seen must then give the evidence it gave before and what is hidden none, so that evidence adds up over the
places of the map: that is what makes the map an explanation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from chest_xray_paediatric.augment import augment
from chest_xray_paediatric.hide import hide
from chest_xray_paediatric.network import Network
from kit.backbone import EfficientNetLite0, imagenet_backbone
from kit.finetune import Schedule, adapt_norms, draw_evenly, finetune, freeze


@dataclass(frozen=True)
class Plan:
    """How long and how hard to train. A round is `per_round` images, a third of them normal."""

    rounds: int
    per_round: int
    batch: int = 32
    rate: float = 7e-4
    decay: float = 0.02
    frozen_blocks: int = 3
    working: int = 128
    smoothing: float = 0.04
    averaging: float = 0.985
    seed: int = 20240917
    fine: bool = False
    hiding: float = 0.0  # share of a batch that is shown again with parts hidden
    additivity: float = 0.1  # weight of the loss on the activation of those


class Views(Dataset[tuple[Tensor, ...]]):
    """Augmented views [1,224,224] uint8 with their label, fixed by (seed, round, place).

    With hiding, also the view with parts hidden, and its hidden cells [1,28,28].
    """

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.int64], plan: Plan, round_: int) -> None:
        self.images, self.labels = images, labels
        self.key, self.hiding = [plan.seed, round_], plan.hiding
        rng = np.random.default_rng(self.key)
        negative, positive = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
        count = plan.per_round // 3
        chosen = [draw_evenly(negative, count, rng), draw_evenly(positive, plan.per_round - count, rng)]
        self.order = rng.permutation(np.concatenate(chosen))

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, place: int) -> tuple[Tensor, ...]:
        cv2.setNumThreads(0)
        index = self.order[place]
        rng = np.random.default_rng([*self.key, place])
        view = augment(self.images[index], rng)
        shown = torch.from_numpy(view)[None], torch.tensor(float(self.labels[index]))
        if self.hiding == 0:
            return shown
        hidden, mask = hide(view, rng)
        return *shown, torch.from_numpy(hidden)[None], torch.from_numpy(mask)[None]


def _loss(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Binary cross-entropy with soft labels; a normal image counts twice, which evens the 1 : 2 of a batch."""
    soft = labels * (1 - smoothing) + smoothing / 2
    return F.binary_cross_entropy_with_logits(logits, soft, weight=2 - labels)


def _unadditive(shown: Tensor, hidden: Tensor, mask: Tensor) -> Tensor:
    """How far the activation [N,1,h,w] of hidden views is from that of whole views where seen, and from 0 elsewhere.

    Cells on the edge of what is hidden do not count.
    """
    share = F.adaptive_avg_pool2d(mask, shown.shape[-2:])
    clear = ((share < 0.01) | (share > 0.99)).float()
    wanted = shown * (share < 0.5)
    return ((hidden - wanted).square() * clear).sum() / clear.sum().clamp(min=1)


def _batch_loss(network: Network, batch: Sequence[Tensor], plan: Plan) -> Tensor:
    views, labels, *covered = batch
    answer = network(views.float())
    loss = _loss(answer.logits[:, 0], labels, plan.smoothing)
    if not covered:
        return loss
    count = round(plan.batch * plan.hiding)
    hidden = network(covered[0][:count].float()).activation
    return loss + plan.additivity * _unadditive(answer.activation[:count].detach(), hidden, covered[1][:count])


def fit(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    plan: Plan,
    after_round: Callable[[int, Network], None],
    start: dict[str, Tensor] | None = None,
) -> None:
    """Trains on [N,224,224] and [N]; hands the averaged network to `after_round` after each round.

    `start` is the weights of a trained network to refine; without it training begins at ImageNet's.
    """
    torch.manual_seed(plan.seed)
    backbone = EfficientNetLite0(fine=plan.fine) if start else imagenet_backbone(fine=plan.fine)
    network = Network(backbone, plan.working).to(memory_format=torch.channels_last)

    def batches_of(round_: int) -> DataLoader[tuple[Tensor, ...]]:
        views = Views(images, labels, plan, round_)
        return DataLoader(views, batch_size=plan.batch, num_workers=1, prefetch_factor=8, drop_last=True)

    if start:
        network.load_state_dict(start)
    else:
        adapt_norms(network, batches_of(0))
    freeze(network.backbone, plan.frozen_blocks)
    schedule = Schedule(plan.rounds, plan.per_round // plan.batch, plan.rate, plan.decay, plan.averaging)
    finetune(network, batches_of, lambda batch: _batch_loss(network, batch, plan), schedule, after_round)
