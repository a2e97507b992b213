"""Fine-tuning on a CPU: AdamW, a cosine rate, an average of the weights.

The batch norms keep the statistics they are given in one pass over augmented training images (so training and serving
compute the same), and the first blocks, which see edges and nothing medical, stay as ImageNet left them.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from kit.backbone import EfficientNetLite0
from kit.folds import Places

WARM = 60  # steps
CLIP = 2.0  # norm of the gradient

Network = TypeVar("Network", bound=nn.Module)
Batch = Sequence[Tensor]


def draw_evenly(indices: Places, count: int, rng: np.random.Generator) -> Places:
    """`count` of the indices, each as often as any other (give or take one)."""
    whole, rest = divmod(count, len(indices))
    return np.concatenate([np.tile(indices, whole), rng.choice(indices, rest, replace=False)])


@dataclass(frozen=True)
class Schedule:
    """How long and how hard. A round is `per_round` batches; `averaging` is what the average keeps at each step."""

    rounds: int
    per_round: int
    rate: float
    decay: float
    averaging: float


@torch.no_grad()
def adapt_norms(network: nn.Module, batches: Iterable[Batch], count: int = 24) -> None:
    """Sets the batch norms' statistics to those of the first of each batch, over so many batches; not those of what is
    frozen."""
    every = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    norms = [norm for norm in every if norm.weight.requires_grad]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    network.train()
    for norm in set(every) - set(norms):
        norm.eval()
    for images, *_ in islice(batches, count):
        network(images.float())
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def freeze(backbone: EfficientNetLite0, blocks: int) -> None:
    """Leaves the stem and the first blocks as they are."""
    for module in (backbone._conv_stem, backbone._bn0, *backbone._blocks[:blocks]):
        module.requires_grad_(False)


class _Average(Generic[Network]):
    """A running average of what a network learns, as a network of its own."""

    def __init__(self, network: Network, keep: float) -> None:
        self.network, self.keep, self.steps = copy.deepcopy(network), keep, 0
        both = zip(self.network.parameters(), network.parameters(), strict=True)
        self.pairs = [(mean, now) for mean, now in both if now.requires_grad]

    @torch.no_grad()
    def update(self) -> None:
        self.steps += 1
        weight = max(1 - self.keep, 1 / (self.steps + 1) if self.steps < 30 else 0.0)
        for mean, now in self.pairs:
            mean.lerp_(now, weight)


def _training_mode(network: nn.Module) -> None:
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _rate_at(step: int, steps: int) -> float:
    """The share of the peak rate: a linear start, then half a cosine down to 2 %."""
    if step < WARM:
        return (step + 1) / WARM
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - WARM) / max(1, steps - WARM)))


def _optimiser(learned: Sequence[Tensor], schedule: Schedule) -> torch.optim.AdamW:
    """Weights decay; norms and biases do not."""
    matrices, vectors = [p for p in learned if p.ndim > 1], [p for p in learned if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": schedule.decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=schedule.rate)


def finetune(
    network: Network,
    batches_of: Callable[[int], Iterable[Batch]],
    loss_of: Callable[[Batch], Tensor],
    schedule: Schedule,
    after_round: Callable[[int, Network], None],
) -> None:
    """Trains what is not frozen; hands the averaged network to `after_round` after each round, counted from 1.

    `batches_of` gives a round's batches, `loss_of` what the network, as it is then, loses on one.
    """
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser, average = _optimiser(learned, schedule), _Average(network, schedule.averaging)
    steps, step, started = schedule.rounds * schedule.per_round, 0, time.monotonic()
    for round_ in range(1, schedule.rounds + 1):
        _training_mode(network)
        total = 0.0
        for batch in batches_of(round_):
            for group in optimiser.param_groups:
                group["lr"] = schedule.rate * _rate_at(step, steps)
            loss = loss_of(batch)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(learned, CLIP)
            optimiser.step()
            average.update()
            step += 1
            total += loss.item()
            if step % 20 == 0:
                print(f"step {step}/{steps} loss {loss.item():.3f} {time.monotonic() - started:.0f} s", flush=True)
        print(f"round {round_}: mean loss {total / schedule.per_round:.4f}", flush=True)
        after_round(round_, average.network)
