"""Steps: train one network a fold, each asked of the fold it did not see, and the one that is shipped, on all.

With the schedule fixed beforehand and nothing stopped early, the folds say what the shipped one is worth.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from brain_haemorrhage.fit import Plan, fit
from brain_haemorrhage.network import Late, logits_of
from brain_haemorrhage.table import Slices, slices_of
from brain_haemorrhage.views import load_views
from kit.backbone import EfficientNetLite0
from kit.figures import auroc
from kit.folds import Places
from kit.recipe import Run


def load_late(run: Run, name: str) -> Late:
    """`whole` or `fold-K`, in evaluation mode."""
    late = Late(EfficientNetLite0(fine=False))
    late.load_state_dict(torch.load(run.scratch / f"{name}.pt", map_location="cpu", weights_only=True))
    return late.eval()


def load_logits(run: Run) -> NDArray[np.float64]:
    """[N,6] out of fold, in the order of `slices_of`."""
    return np.load(run.scratch / "out-of-fold.npy")


def parts_of(slices: Slices) -> Iterator[tuple[int, Places, Places]]:
    """Each fold's number, the rows that are learned from and those that are held."""
    for fold in np.unique(slices.folds):
        yield int(fold), np.flatnonzero(slices.folds != fold), np.flatnonzero(slices.folds == fold)


def folds(run: Run) -> None:
    began, slices, views = time.monotonic(), slices_of(run.data), load_views(run)
    logits = np.empty(slices.labels.shape)
    for fold, known, held in parts_of(slices):
        late = fit(views, slices.labels, known, Plan())
        torch.save(late.state_dict(), run.scratch / f"fold-{fold}.pt")
        logits[held] = logits_of(late, views[0, held]).numpy()
        found = auroc(slices.labels[held, 0], logits[held, 0])
        print(f"fold {fold}: {len(held)} slices, AUROC {found:.4f}, {time.monotonic() - began:.0f} s", flush=True)
    np.save(run.scratch / "out-of-fold.npy", logits)
    print(f"all folds: slice AUROC {auroc(slices.labels[:, 0], logits[:, 0]):.4f}")


def whole(run: Run) -> None:
    slices = slices_of(run.data)
    late = fit(load_views(run), slices.labels, np.arange(len(slices.rows)), Plan())
    torch.save(late.state_dict(), run.scratch / "whole.pt")
