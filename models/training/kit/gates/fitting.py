"""Fits the gates to features of the train part; chooses nothing.

The distance is fitted to views of the train images within what the answer is measured to withstand: a poor exposure or
a tilt is still of the intended use. How far away such a view lies depends on how it was taken, and is fitted too. The
pose is a multinomial logistic regression on the same features of train images turned and inverted. The network must be
the folded one, so that what is fitted is what is shipped.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from kit.gates.poses import POSES
from kit.gates.scores import Distance, Expected, Gates, Pose

RIDGE = 1e-3  # of the squared weights of standardised features


def fit_gates(gates: Gates, views: Tensor, manners: Tensor, posed: list[Tensor]) -> None:
    """From `scores.ninths` [N,D] and `measures.manner` [N,6] of views, and ninths [M,D] of each of `poses.POSES`."""
    _fit_distance(gates.distance, views)
    _fit_expectation(gates.expected, manners, gates.distance(views))
    place = torch.repeat_interleave(torch.arange(len(POSES)), torch.tensor([len(x) for x in posed]))
    _fit_pose(gates.pose, torch.cat(posed), place)


@torch.no_grad()
def _fit_distance(distance: Distance, x: Tensor) -> None:
    """Principal axes of the standardised features; what is left beside them is scaled by its own mean."""
    distance.mean.copy_(x.mean(0))
    distance.scale.copy_(x.std(0).clamp(min=1e-2))
    z = ((x - distance.mean) / distance.scale).double()
    _, vectors = torch.linalg.eigh(z.T @ z / len(z))
    kept = distance.axes.shape[1]
    distance.axes.copy_(vectors[:, -kept:].float().half().float())
    inside = z.float() @ distance.axes
    distance.spread.copy_(inside.square().mean(0).sqrt())
    outside = (z.float().square().sum(1) - inside.square().sum(1)).mean()
    distance.left.copy_(outside / kept)


@torch.no_grad()
def _fit_expectation(expected: Expected, manners: Tensor, distances: Tensor) -> None:
    """Least squares over manners [N,6] within their middle 99.8 % and the distances [N,1] of the same views."""
    tails = torch.tensor([0.001, 0.999])
    least, most = torch.quantile(manners, tails, dim=0)
    expected.least.copy_(least)
    expected.most.copy_(torch.maximum(most, least + 1e-3))
    solved = torch.linalg.lstsq(expected.terms(manners).double(), distances.double())
    expected.weights.copy_(solved.solution.float())


def _fit_pose(pose: Pose, x: Tensor, place: Tensor, steps: int = 60) -> None:
    """Ridge-penalised maximum likelihood by L-BFGS, on standardised features."""
    mean, scale = x.mean(0), x.std(0).clamp(min=1e-2)
    z = (x - mean) / scale
    weights = torch.zeros(x.shape[1], len(POSES), requires_grad=True)
    bias = torch.zeros(len(POSES), requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=steps, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy(z @ weights + bias, place) + RIDGE * weights.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    with torch.no_grad():
        pose.weights.copy_(weights / scale[:, None])
        pose.bias.copy_(bias - (mean / scale) @ weights)
