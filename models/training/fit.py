"""The training loop: balanced batches of augmented views, AdamW, cosine rate, an average of the weights.

Fine-tuning on a CPU: the batch norms keep the statistics they are given in one pass over augmented training images
(so training and serving compute the same), and the first blocks, which see edges and nothing medical, stay as
ImageNet left them.

A trained network can be refined (`start`): it keeps its statistics, and some views are shown with parts hidden.
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
from hide import MASK, hide
from network import Answer, Network


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
    hiding: float = 0.0  # share of the views of which parts are hidden
    silence: float = 0.05  # weight of the squared activation of hidden cells in the loss


class Views(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Augmented views [1,224,224] uint8 with label and hidden cells [1,28,28], fixed by (seed, round, place)."""

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

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor, Tensor]:
        cv2.setNumThreads(0)
        index = self.order[place]
        rng = np.random.default_rng([*self.key, place])
        view, mask = augment(self.images[index], rng), np.zeros((MASK, MASK), np.float32)
        if rng.random() < self.hiding:
            view, mask = hide(view, rng)
        return torch.from_numpy(view)[None], torch.tensor(float(self.labels[index])), torch.from_numpy(mask)[None]


def _draw(indices: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` of the indices, each as often as any other (give or take one)."""
    whole, rest = divmod(count, len(indices))
    return np.concatenate([np.tile(indices, whole), rng.choice(indices, rest, replace=False)])


def _batches(views: Views, plan: Plan) -> DataLoader[tuple[Tensor, Tensor, Tensor]]:
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
    for index, (images, _, _) in enumerate(_batches(views, plan)):
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


def _loss(answer: Answer, labels: Tensor, hidden: Tensor, plan: Plan) -> Tensor:
    """Binary cross-entropy with soft labels; a normal image counts twice, which evens the 1 : 2 of a batch.

    A view with hidden parts counts half: what made the label may be among them.
    """
    soft = labels * (1 - plan.smoothing) + plan.smoothing / 2
    weight = (2 - labels) * (1 - 0.5 * hidden.amax(dim=(1, 2, 3)))
    loss = F.binary_cross_entropy_with_logits(answer.logits[:, 0], soft, weight=weight)
    if plan.hiding == 0:
        return loss
    silent = (F.adaptive_avg_pool2d(hidden, answer.activation.shape[-2:]) > 0.99).float()
    evidence = (answer.activation.square() * silent).sum() / silent.sum().clamp(min=1)
    return loss + plan.silence * evidence


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
        for views, truth, hidden in _batches(Views(images, labels, plan, round_), plan):
            for group in optimiser.param_groups:
                group["lr"] = plan.rate * _rate_at(step, steps, 60)
            loss = _loss(network(views.float()), truth, hidden, plan)
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
