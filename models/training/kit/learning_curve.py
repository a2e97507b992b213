"""How much more data would help: figures of models that were given fewer patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kit.folds import Places
from kit.scored import Names

SHARES = (0.25, 0.5, 0.75, 1.0)


def learning_curve(
    patients: Names, score: Callable[[Places], dict[str, object]], shares: Sequence[float] = SHARES, seed: int = 0
) -> list[dict[str, object]]:
    """For each share of the patients of the training rows [N]: how many that is, and what `score` says of them.

    `score(rows)` trains on these rows, given by index, and returns figures of rows it was not given. A smaller subset
    is part of every larger one.
    """
    order = np.random.default_rng(seed).permutation(np.unique(patients))
    found = []
    for share in shares:
        chosen = order[: max(1, round(share * len(order)))]
        rows = np.flatnonzero(np.isin(patients, chosen))
        found.append({"share": share, "patients": len(chosen), "n": len(rows), **score(rows)})
    return found
