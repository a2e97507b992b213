"""The training loop: balanced batches of augmented views, AdamW, cosine rate, an average of the weights.

Fine-tuning on a CPU: the batch norms keep the statistics they are given in one pass over augmented training images
(so training and serving compute the same), and the first blocks, which see edges and nothing medical, stay as
ImageNet left them.

A trained network can be refined (`start`): it keeps its statistics, and some views are shown again with parts hidden.
What is still seen must then give the evidence it gave before and what is hidden none, so that evidence adds up over the
places of the map: that is what makes the map an explanation.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from augment import augment
from backbone import EfficientNetLite0, imagenet_backbone
from hide import hide
from network import Network


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
        chosen = [_draw(negative, count, rng), _draw(positive, plan.per_round - count, rng)]
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


def _draw(indices: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` of the indices, each as often as any other (give or take one)."""
    whole, rest = divmod(count, len(indices))
    return np.concatenate([np.tile(indices, whole), rng.choice(indices, rest, replace=False)])


def _batches(views: Views, plan: Plan) -> DataLoader[tuple[Tensor, ...]]:
    return DataLoader(views, batch_size=plan.batch, num_workers=1, prefetch_factor=8, drop_last=True)


@torch.no_grad()
def _adapt_norms(network: Network, views: Views, plan: Plan, batches: int = 24) -> None:
    """Sets the batch norms' statistics to those of augmented training images."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    network.train()
    for index, (images, *_) in enumerate(_batches(views, plan)):
        if index == batches:
            break
        network(images.float())
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _training_mode(network: Network) -> None:
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _freeze(network: Network, blocks: int) -> None:
    backbone = network.backbone
    for module in (backbone._conv_stem, backbone._bn0, *backbone._blocks[:blocks]):
        module.requires_grad_(False)


def _rate_at(step: int, steps: int, warm: int) -> float:
    """The share of the peak rate: a linear start, then half a cosine down to 2 %."""
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _loss(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Binary cross-entropy with soft labels; a normal image counts twice, which evens the 1 : 2 of a batch."""
    soft = labels * (1 - smoothing) + smoothing / 2
    return F.binary_cross_entropy_with_logits(logits, soft, weight=2 - labels)


def _unadditive(shown: Tensor, hidden: Tensor, mask: Tensor) -> Tensor:
    """How far the activation [N,1,h,w] of hidden views is from that of the whole views where seen, and from 0 elsewhere.

    Cells on the edge of what is hidden do not count.
    """
    share = F.adaptive_avg_pool2d(mask, shown.shape[-2:])
    clear = ((share < 0.01) | (share > 0.99)).float()
    wanted = shown * (share < 0.5)
    return ((hidden - wanted).square() * clear).sum() / clear.sum().clamp(min=1)


def _batch_loss(network: Network, batch: list[Tensor], plan: Plan) -> Tensor:
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
    log: Callable[[str], None],
    start: dict[str, Tensor] | None = None,
) -> None:
    """Trains on [N,224,224] and [N]; hands the averaged network to `after_round` after each round.

    `start` is the weights of a trained network to refine; without it training begins at ImageNet's.
    """
    torch.manual_seed(plan.seed)
    backbone = EfficientNetLite0(fine=plan.fine) if start else imagenet_backbone(fine=plan.fine)
    network = Network(backbone, plan.working).to(memory_format=torch.channels_last)
    if start:
        network.load_state_dict(start)
    else:
        _adapt_norms(network, Views(images, labels, plan, 0), plan)
    _freeze(network, plan.frozen_blocks)
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in learned if p.ndim > 1], "weight_decay": plan.decay},
            {"params": [p for p in learned if p.ndim == 1], "weight_decay": 0.0},
        ],
        lr=plan.rate,
    )
    steps = plan.rounds * (plan.per_round // plan.batch)
    average = copy.deepcopy(network)
    pairs = [
        (mean, now) for mean, now in zip(average.parameters(), network.parameters(), strict=True) if now.requires_grad
    ]
    step, started = 0, time.monotonic()
    for round_ in range(1, plan.rounds + 1):
        _training_mode(network)
        total = 0.0
        for batch in _batches(Views(images, labels, plan, round_), plan):
            for group in optimiser.param_groups:
                group["lr"] = plan.rate * _rate_at(step, steps, 60)
            loss = _batch_loss(network, batch, plan)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(learned, 2.0)
            optimiser.step()
            step += 1
            weight = max(1 - plan.averaging, 1 / (step + 1) if step < 30 else 0.0)
            with torch.no_grad():
                for mean, now in pairs:
                    mean.lerp_(now, weight)
            total += loss.item()
            if step % 20 == 0:
                log(f"step {step}/{steps} loss {loss.item():.3f} {time.monotonic() - started:.0f} s")
        log(f"round {round_}: mean loss {total / (plan.per_round // plan.batch):.4f}")
        after_round(round_, average)
