"""Step: fit the lines of each fold, asked of the fold they did not see, and those that are shipped, of all.

Nothing is chosen by a fold that is scored, so the folds say what the shipped ones are worth.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from brain_haemorrhage.fit import Lines, fit
from brain_haemorrhage.network import Late
from brain_haemorrhage.table import Slices, slices_of
from brain_haemorrhage.views import load_views
from kit.backbone import imagenet_backbone
from kit.figures import auroc
from kit.folds import Places
from kit.recipe import Run


def load_lines(run: Run, name: str) -> Lines:
    """`whole` or `fold-K`."""
    return Lines.of(run.scratch / f"{name}.npz")


def load_late(run: Run, name: str) -> Late:
    """The same as the network that is shipped has them, in evaluation mode."""
    late, lines = Late(imagenet_backbone(fine=False)), load_lines(run, name)
    late.set_lines(torch.from_numpy(lines.weights), torch.from_numpy(lines.biases))
    return late.eval()


def load_logits(run: Run) -> NDArray[np.float64]:
    """[N,6] out of fold, in the order of `slices_of`."""
    return np.load(run.scratch / "out-of-fold.npy")


def parts_of(slices: Slices) -> Iterator[tuple[int, Places, Places]]:
    """Each fold's number, the rows that are learned from and those that are held."""
    for fold in np.unique(slices.folds):
        yield int(fold), np.flatnonzero(slices.folds != fold), np.flatnonzero(slices.folds == fold)


def main(run: Run) -> None:
    began, slices = time.monotonic(), slices_of(run.data)
    plain, views = load_views(run)
    logits = np.empty(slices.labels.shape)
    for fold, known, held in parts_of(slices):
        lines = fit(views, slices.labels, known)
        lines.save(run.scratch / f"fold-{fold}.npz")
        logits[held] = lines.logits(plain[held])
        found = auroc(slices.labels[held, 0], logits[held, 0])
        print(f"fold {fold}: {len(held)} slices, AUROC {found:.4f}, {time.monotonic() - began:.0f} s", flush=True)
    np.save(run.scratch / "out-of-fold.npy", logits)
    fit(views, slices.labels, np.arange(len(slices.rows))).save(run.scratch / "whole.npz")
    alone, judged = (auroc(slices.labels[:, 0], score) for score in (logits[:, 0], slices.smoothed(logits[:, 0])))
    print(f"all folds: slice AUROC {alone:.4f}, with neighbours {judged:.4f}")
