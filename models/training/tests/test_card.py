import json
from pathlib import Path

import numpy as np
import pytest
from simulated import clustered, true_probabilities

from kit.calibration import Platt, calibration
from kit.card import (
    calibration_text,
    figures_table,
    learning_curve_table,
    risk_coverage_text,
    robustness_text,
    shortcut_table,
    subgroup_table,
    with_interval,
)
from kit.figures import auroc, figure
from kit.json_file import read_json, write_json
from kit.risk_coverage import bands, risk_coverage
from kit.scored import Scored
from kit.shortcuts import shortcut_rows
from kit.subgroups import subgroups

SCORED = clustered(60, 2, seed=0)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"value": 0.9, "ci95": [0.85, 0.951]}, "0.900 (0.850 – 0.951)"),
        ({"value": None, "reason": "there is no positive"}, "– (there is no positive)"),
        ({"value": 1.0, "ci95": None, "reason": "too few"}, "1.000 (no interval: too few)"),
    ],
)
def test_a_figure_is_printed_with_its_interval_or_why_it_has_none(found, said: str) -> None:
    assert with_interval(found) == said


@pytest.mark.parametrize(
    ("bend", "said"),
    [(0.5, "more than true probabilities would give; probabilities are too cautious"), (3, "too extreme")],
)
def test_the_card_says_which_way_probabilities_are_off(bend: float, said: str) -> None:
    truth, logits = true_probabilities(600, seed=1)
    bent = Scored(np.arange(600).astype(str), truth, Platt(bend, 0)(logits))
    assert said in calibration_text(calibration(bent, 60))


def test_whatever_the_kit_computes_its_card_can_print_and_its_json_can_hold(tmp_path: Path) -> None:
    of_few = np.arange(120) < 4
    point = {"share": 1.0, "patients": 60, "n": 120, "auroc": figure(SCORED, auroc, 20)}
    under = {"sensitivity": 0.8, "sensitivityChange": -0.06, "specificity": 0.9, "specificityChange": 0.0}
    found = {
        "figures": {"AUROC": figure(SCORED, auroc, 20)},
        "calibration": calibration(SCORED, 20),
        "subgroups": subgroups(SCORED, {"all": ~of_few, "few": of_few}, 0.6, 20),
        "robustness": [{"name": "noise", "auroc": 0.9, **under, "kept": False}],
        "shortcuts": shortcut_rows(SCORED, {"border": SCORED.score[::-1]}, 20),
        "riskCoverage": risk_coverage(SCORED, 0.6, bands(SCORED.score, 0.6), 20),
        "learningCurve": [point],
    }
    write_json(tmp_path / "evaluation.json", found)
    read = read_json(tmp_path / "evaluation.json")
    text = [
        figures_table(read["figures"]),
        calibration_text(read["calibration"]),
        subgroup_table(read["subgroups"]),
        robustness_text(read["robustness"]),
        shortcut_table(read["shortcuts"]),
        risk_coverage_text(read["riskCoverage"]),
        learning_curve_table(read["learningCurve"], "auroc", "AUROC"),
    ]
    assert "not assessable" in text[2] and "Not withstood: noise." in text[3]
    assert all("nan" not in part and "None" not in part for part in text)


def test_json_holds_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"auroc": float("nan")})


def test_json_is_written_with_short_lists_on_a_line(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"ci95": [0.1, 0.2]})
    assert (tmp_path / "a.json").read_text() == '{\n  "ci95": [0.1, 0.2]\n}\n'
    assert json.loads((tmp_path / "a.json").read_text()) == {"ci95": [0.1, 0.2]}
