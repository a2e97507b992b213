"""Rows of a data folder's labels.csv and the parts of the data set, always by patient."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One image. `kind` is normal, bacterial or viral; `stored_as` how the copy kept it (resized, original)."""

    file: str
    patient: str
    split: str
    pneumonia: int
    kind: str
    stored_as: str


def read_rows(data: Path) -> list[Row]:
    """All rows of DATA/labels.csv, in file order."""
    with (data / "labels.csv").open(newline="") as handle:
        return [
            Row(
                file=line["file"],
                patient=line["patient"],
                split=line["split"],
                pneumonia=int(line["pneumonia"]),
                kind="bacterial" if line["bacterial"] == "1" else "viral" if line["viral"] == "1" else "normal",
                stored_as=line["stored_as"],
            )
            for line in csv.DictReader(handle)
        ]


def part(rows: list[Row], split: str) -> list[Row]:
    """The rows of train, val or test."""
    return [row for row in rows if row.split == split]


def halve_by_patient(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Two halves that share no patient, each class cut in two: every second patient in the order of a hash.

    The first chooses (epoch, input size), the second calibrates and sets the threshold: neither task sees the
    other's patients.
    """
    ordered: dict[int, list[str]] = {0: [], 1: []}
    for patient, label in sorted({(row.patient, row.pneumonia) for row in rows}):
        ordered[label].append(patient)
    second: set[str] = set()
    for patients in ordered.values():
        patients.sort(key=lambda patient: hashlib.sha256(patient.encode()).hexdigest())
        second.update(patients[1::2])
    return [row for row in rows if row.patient not in second], [row for row in rows if row.patient in second]
