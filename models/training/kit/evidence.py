"""The files that vouch for a version of a model; all of the same weights as its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit.json_file import read_json, write_json
from kit.recipe import Run

EVIDENCE = {
    "evaluation": "evaluation.json",
    "gates": "gates.json",
    "explanation": "explanation.json",
    "parity": "parity.json",
    "golden": "golden/golden.json",
    "card": "MODEL_CARD.md",
}
REPORTS = ("evaluation", "gates", "explanation", "parity")


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def reports(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What was measured of a model, by kind; raises ValueError for a report of other weights than the manifest's."""
    found = {kind: read_json(folder / EVIDENCE[kind]) for kind in REPORTS}
    for kind, report in found.items():
        if _weights(report) != manifest["sha256"]:
            raise ValueError(f"{EVIDENCE[kind]} is of other weights than model.json")
    return found


def _weights(report: Mapping[str, Any]) -> str:
    """`npm run parity` names the model flat, the others as `Shipped.named` does."""
    return report["sha256"] if "sha256" in report else report["model"]["sha256"]


def seal(run: Run) -> None:
    """A step: names the evidence in the manifest, with the sum of each file."""
    manifest = read_json(run.model / "model.json")
    reports(run.model, manifest)
    manifest["evidence"] = [
        {"kind": kind, "file": file, "sha256": sha256_of(run.model / file)} for kind, file in EVIDENCE.items()
    ]
    write_json(run.model / "model.json", manifest)
