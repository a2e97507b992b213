from functools import partial

import numpy as np
import pytest
from simulated import clustered
from sklearn.metrics import roc_auc_score

from kit.figures import (
    at_specificity_of_other_folds,
    auroc,
    average_precision,
    difference,
    figure,
    sensitivity,
    specificity,
    specificity_at_sensitivity,
    threshold_at_sensitivity,
    threshold_at_specificity,
)
from kit.folds import k_folds
from kit.scored import Scored


def test_ties_count_half() -> None:
    assert auroc(np.array([0, 1, 0, 1]), np.array([0.5, 0.5, 0.1, 0.9])) == pytest.approx(0.875)


def test_a_score_without_worth_has_the_precision_of_the_prevalence() -> None:
    assert average_precision(np.array([0, 0, 0, 1]), np.full(4, 0.3)) == pytest.approx(0.25)


def test_the_area_by_ranks_is_that_under_the_curve() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        truth, score = rng.integers(0, 2, 60), rng.integers(0, 9, 60) / 9
        assert auroc(truth, score) == pytest.approx(roc_auc_score(truth, score), abs=1e-12)


@pytest.mark.parametrize("function", [auroc, average_precision, partial(sensitivity, threshold=0.5)])
def test_a_figure_without_positives_is_none_and_says_why(function) -> None:
    scored = Scored(np.array(["a", "b"]), np.array([0, 0]), np.array([0.2, 0.7]))
    assert figure(scored, function, 20) == {"value": None, "reason": "there is no positive"}


def test_a_single_ill_patient_gives_a_value_without_an_interval() -> None:
    scored = Scored(np.array(list("abcd")), np.array([1, 0, 0, 0]), np.array([0.9, 0.2, 0.7, 0.1]))
    found = figure(scored, auroc, 200)
    assert (found["value"], found["ci95"]) == (1.0, None) and "resamples" in found["reason"]


def test_what_no_resample_can_spoil_is_not_certain_for_that() -> None:
    scored = Scored(np.arange(30).astype(str), np.arange(30) % 2, np.arange(30) % 2 * 0.8)
    found = figure(scored, partial(sensitivity, threshold=0.5), 100)
    assert found["value"] == 1 and found["ci95"] == [pytest.approx(0.796, abs=1e-3), 1]  # Wilson's of 15


@pytest.mark.parametrize("wanted", [0.5, 0.8, 0.95, 1.0])
def test_a_threshold_keeps_what_it_was_set_for(wanted: float) -> None:
    scored = clustered(101, 1, seed=4)
    high = threshold_at_sensitivity(scored.truth, scored.score, wanted)
    assert wanted <= sensitivity(scored.truth, scored.score, high) <= wanted + 0.02
    low = threshold_at_specificity(scored.truth, scored.score, wanted)
    assert wanted <= specificity(scored.truth, scored.score, low) <= wanted + 0.02


def test_specificity_at_a_sensitivity_is_that_at_its_threshold() -> None:
    scored = clustered(100, 1, seed=5)
    threshold = threshold_at_sensitivity(scored.truth, scored.score, 0.9)
    expected = specificity(scored.truth, scored.score, threshold)
    assert specificity_at_sensitivity(scored.truth, scored.score, 0.9) == expected


def test_a_difference_is_paired_and_so_narrower_than_its_parts() -> None:
    scored = clustered(80, 2, seed=6)
    nearly = scored.score + np.random.default_rng(0).normal(0, 0.01, len(scored))
    low, high = difference(scored, nearly, auroc, 200)["ci95"]
    own = figure(scored, auroc, 200)["ci95"]
    assert high - low < 0.2 * (own[1] - own[0])
    assert difference(scored, scored.score, auroc, 20) == {"value": 0.0, "ci95": [0.0, 0.0]}


def test_no_fold_is_called_at_a_threshold_it_had_a_part_in() -> None:
    truth = np.array([0, 0, 1, 0, 0, 1])
    scored = Scored(np.array(list("abcdef")), truth, np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8]))
    found = at_specificity_of_other_folds(scored, np.array([0, 0, 0, 1, 1, 1]), 1.0)
    assert (found["sensitivity"]["hits"], found["specificity"]["hits"]) == (1, 2)


def test_the_specificity_of_other_folds_is_about_the_one_asked_for() -> None:
    scored = clustered(400, 1, seed=7)
    found = at_specificity_of_other_folds(scored, k_folds(scored.patient, scored.truth), 0.8)
    assert found["specificity"]["value"] == pytest.approx(0.8, abs=0.03)


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        Scored(np.array(["a"]), np.array([1]), np.array([np.nan]))
