"""Steps: look once at every scan and its views, then fit what is trained: one linear layer on ImageNet's features.

With some sixty scans of oedema in the graded source, the backbone stays as it is. The layer is fitted for each fold and
for all of train and val, by logistic regression, to views of the scans and not to the scans themselves: what is told of
a scan then hangs less on how it was stored. Nothing is chosen by a fold that is scored.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from kit.augmentation import views_of, withstood
from kit.figures import auroc
from kit.folds import Places
from kit.recipe import Run
from kit.scored import Floats
from macular_oedema.augment import augment
from macular_oedema.network import Network, untrained
from macular_oedema.table import Table

VIEWS = (augment,) * 4 + (withstood,) * 4  # of each scan: what patients and scanners vary, and what goes wrong
RIDGE = 0.01  # inverse strength, of standardised features; ten times it and a tenth of it were tried on the folds


@dataclass(frozen=True)
class Seen:
    """ImageNet's features [1+V,N,1280] of every scan (place 0) and of its views, read both ways."""

    features: NDArray[np.float32]

    @classmethod
    def of(cls, run: Run) -> Seen:
        return cls(np.load(run.scratch / "seen.npy"))

    @property
    def scans(self) -> NDArray[np.float32]:
        return self.features[0]

    @property
    def views(self) -> NDArray[np.float32]:
        return self.features[1:]


@dataclass(frozen=True)
class Heads:
    """F linear layers, weights [F,1280] and biases [F], in float64."""

    weights: Floats
    biases: Floats

    @classmethod
    def of(cls, run: Run) -> Heads:
        saved = np.load(run.scratch / "out-of-fold.npz")
        return cls(saved["weights"], saved["biases"])

    def logits(self, features: NDArray[np.floating], heads: Places) -> Floats:
        """[M,1280], and which layer is asked of each [M] -> [M]"""
        return (features * self.weights[heads]).sum(axis=1) + self.biases[heads]


@torch.no_grad()
def features_of(network: Network, images: NDArray[np.uint8], batch: int = 32) -> NDArray[np.float32]:
    """[N,208,512] -> [N,1280], as the shipped network reads a scan."""
    parts = torch.from_numpy(images)[:, None].split(batch)
    return torch.cat([network(part.float()).embedding for part in parts]).numpy()


def look(run: Run) -> None:
    """Keeps the features of every scan and of its views in seen.npy."""
    torch.set_flush_denormal(True)
    images, network, began = Table.of(run.data).images, untrained().eval(), time.monotonic()
    found = [features_of(network, images)]
    print(f"{len(images)} scans, {time.monotonic() - began:.0f} s", flush=True)
    for seed, view in enumerate(VIEWS):
        found.append(features_of(network, views_of(images, seed, view)))
        print(f"view {seed + 1} of {len(VIEWS)}, {time.monotonic() - began:.0f} s", flush=True)
    np.save(run.scratch / "seen.npy", np.stack(found))


def fit(table: Table, seen: Seen, rows: Places) -> tuple[Floats, float]:
    """(weights [1280], bias) from views of these rows; each of `Table.cells` weighs as much as any other."""
    views = seen.views
    features = views[:, rows].reshape(-1, views.shape[2])
    even = compute_sample_weight("balanced", table.cells[rows]) / len(views)
    labels, weights = (np.tile(of, len(views)) for of in (table.truth[rows], even))
    scale = StandardScaler().fit(features)
    line = LogisticRegression(C=RIDGE, max_iter=1000).fit(scale.transform(features), labels, weights)
    weight = line.coef_[0] / scale.scale_
    return weight, float(line.intercept_[0] - weight @ scale.mean_)


def fit_folds(table: Table, seen: Seen, given: NDArray[np.bool_] | None = None) -> Heads:
    """A layer for each fold, from the rows of the others; only from those that are `given` [N], where that is said."""
    allowed = np.ones(len(table.rows), bool) if given is None else given
    found = [fit(table, seen, np.flatnonzero((table.folds != fold) & allowed)) for fold in np.unique(table.folds)]
    return Heads(np.stack([weight for weight, _ in found]), np.array([bias for _, bias in found]))


def by_fold(table: Table, score: Floats) -> str:
    """The AUROC of all and of each fold, of what is graded; and of all that is not."""
    graded = table.graded
    held = [np.flatnonzero((table.folds == fold) & graded) for fold in np.unique(table.folds)]
    folds = [auroc(table.truth[rows], score[rows]) for rows in held]
    said = ", ".join("–" if area is None else f"{area:.3f}" for area in folds)
    other = auroc(table.truth[~graded], score[~graded])
    return f"graded {auroc(table.truth[graded], score[graded]):.4f} (folds {said}), not graded {other:.4f}"


def main(run: Run) -> None:
    """The layers of the folds, the logits of every row by the one that did not see it, and the shipped network."""
    table, seen = Table.of(run.data), Seen.of(run)
    heads = fit_folds(table, seen)
    logits = heads.logits(seen.scans, table.folds)
    np.savez(run.scratch / "out-of-fold.npz", logits=logits, weights=heads.weights, biases=heads.biases)
    print(f"out of fold: {by_fold(table, logits)}", flush=True)
    network, (weight, bias) = untrained(), fit(table, seen, np.arange(len(table.rows)))
    network.set_head(torch.from_numpy(weight), bias)
    torch.save(network.state_dict(), run.scratch / "network.pt")
