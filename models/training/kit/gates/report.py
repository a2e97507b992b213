"""gates.json of a model that answers image by image: what its gates refuse of all that they are tried on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kit.gates.families import FAULTS
from kit.gates.limits import PERCENTILE, Gate
from kit.gates.poses import POSES, posed
from kit.gates.refusals import (
    METHOD,
    Gatekeeper,
    Images,
    answered,
    by_class,
    corrupted_refusals,
    false_refusals,
    family,
)
from kit.scored import Labels, Names, Scored

if TYPE_CHECKING:
    from kit.shipped import Shipped


@dataclass(frozen=True, eq=False)
class Part:
    """Images [N,H,W] of the intended use, whose they are [N] and whether they show disease [N]."""

    images: Images
    patients: Names
    truth: Labels


@dataclass(frozen=True, eq=False)
class Tried:
    """`known` are families A by name, `unseen` families B; `leaning` the corruptions that are refused most on val.

    `camera` says what of another camera was at hand.
    """

    test: Part
    val: Part
    known: Mapping[str, Images]
    unseen: Mapping[str, Images]
    leaning: Sequence[str]
    camera: str


def gates_report(shipped: Shipped, gates: Sequence[Gate], tried: Tried) -> dict[str, Any]:
    """The report, and a line of it in the log of looks; the look has begun before the test part was read."""
    keeper, test, val = Gatekeeper(shipped), tried.test, tried.val
    reasons = keeper.reasons(test.images)
    scored = Scored(test.patients, test.truth, shipped.probability(test.images))
    report = {
        "model": shipped.named,
        "method": METHOD,
        "thresholds": {
            "rule": f"the {PERCENTILE:g}th percentile on val, each patient once by the worst image; see `limits.py`",
            "gates": [{**gate, "rule": rule.rule} for gate, rule in zip(keeper.gates, gates, strict=True)],
        },
        "familiesA": [
            {**family(name, keeper.reasons(shown)), "synthetic": name in FAULTS} for name, shown in tried.known.items()
        ],
        "poses": [family(f"turned: {pose}", keeper.reasons(posed(test.images, pose))) for pose in POSES[1:]],
        "familiesB": [family(name, keeper.reasons(shown)) for name, shown in tried.unseen.items()],
        "falseRefusals": {
            "test": false_refusals(test.patients, reasons),
            "corrupted": corrupted_refusals(keeper, test.patients, test.images),
            "otherCamera": tried.camera,
        },
        "answered": answered(scored, reasons, shipped.threshold()),
        "byClass": by_class(keeper, val.truth, val.images, tried.leaning),
    }
    shipped.look.record("gates", [report["falseRefusals"]["test"], report["answered"]])
    return report
