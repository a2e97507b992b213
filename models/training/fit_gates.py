"""Step 3: fits the gates to the train part and writes runs/…/gates.pt; chooses nothing.

    python fit_gates.py --data DIR --network runs/main/network.pt --out runs/main/gates.pt

The distance is fitted to two views of each train image within what the answer is measured to withstand: a poor exposure
or a tilt of a chest radiograph is still one. How far away such a view lies depends on how it was taken, and is fitted
too. The pose is a multinomial logistic regression on the same features of train images turned and
inverted. The network is the folded one, so what is fitted here is what is shipped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from augment import augmented, withstood
from export_onnx import load_network
from fold_norms import folded
from gates import Distance, Expected, Gates, Pose, ninths
from images import read_images
from labels import part, read_rows
from measures import manner, spread_of
from network import Network
from poses import POSES, posed

RIDGE = 1e-3  # of the squared weights of standardised features


@torch.no_grad()
def features(network: Network, images: NDArray[np.uint8], batch: int = 32) -> Tensor:
    """[N,224,224] -> what the gates look at, [N,1008]."""
    found = []
    for at in range(0, len(images), batch):
        grey = torch.from_numpy(images[at : at + batch, None]).float()
        found.append(ninths(network.backbone.middle(network.prepare(grey, grey))))
    return torch.cat(found)


def manners(images: NDArray[np.uint8], batch: int = 256) -> Tensor:
    """[N,224,224] -> in what manner each was taken, [N,6]."""
    parts = [torch.from_numpy(images[at : at + batch, None]).float() for at in range(0, len(images), batch)]
    return torch.cat([manner(grey, spread_of(grey)) for grey in parts])


def fitted_distance(distance: Distance, x: Tensor) -> None:
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


def fitted_expectation(expected: Expected, manners: Tensor, distances: Tensor) -> None:
    """Least squares over manners [N,6] within their middle 99.8 % and the distances [N,1] of the same views."""
    tails = torch.tensor([0.001, 0.999])
    least, most = torch.quantile(manners, tails, dim=0)
    expected.least.copy_(least)
    expected.most.copy_(torch.maximum(most, least + 1e-3))
    solved = torch.linalg.lstsq(expected.terms(manners).double(), distances.double())
    expected.weights.copy_(solved.solution.float())


def fitted_pose(pose: Pose, x: Tensor, place: Tensor, steps: int = 60) -> None:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    torch.set_num_threads(2)
    torch.set_flush_denormal(True)
    network = folded(load_network(args.network))
    images = read_images(args.data, part(read_rows(args.data), "train"))
    upright = features(network, images)
    gates = Gates()
    views = [augmented(images, seed, withstood) for seed in (5, 6)]
    seen = torch.cat([features(network, shown) for shown in views])
    fitted_distance(gates.distance, seen)
    fitted_expectation(gates.expected, torch.cat([manners(shown) for shown in views]), gates.distance(seen))

    turned = [features(network, posed(images[::8], pose)) for pose in POSES[1:]]
    place = torch.repeat_interleave(torch.arange(len(POSES)), torch.tensor([len(x) for x in (upright, *turned)]))
    fitted_pose(gates.pose, torch.cat([upright, *turned]), place)
    torch.save(gates.state_dict(), args.out)
    print(
        f"gates fitted to {len(images)} train images, {len(seen)} views of them and {len(turned)} poses of an eighth of them"
    )


if __name__ == "__main__":
    main()
