import numpy as np
import pytest
from simulated import true_probabilities

from kit.calibration import Platt, calibration, calibration_error, logistic_line, perfect_calibration_error, settle
from kit.figures import sensitivity, specificity
from kit.scored import Scored


def test_platt_finds_the_line_the_labels_were_drawn_from() -> None:
    line = logistic_line(*true_probabilities(20_000, seed=1, slope=0.7, intercept=-1.5))
    assert line == pytest.approx((0.7, -1.5), abs=0.06)


def test_the_line_is_where_the_likelihood_is_flat() -> None:
    truth, logits = true_probabilities(300, seed=2)
    left = truth - Platt(*logistic_line(truth, logits))(logits)
    assert np.abs([left.sum(), (left * logits).sum()]).max() < 1e-3


def test_classes_that_one_threshold_parts_have_no_line() -> None:
    assert logistic_line(np.array([0, 0, 1]), np.array([-1.0, 0.0, 2.0])) is None
    with pytest.raises(ValueError, match="no line fits"):
        settle(np.array([0, 0, 1]), np.array([-1.0, 0.0, 2.0]), "sensitivity", 0.95)


@pytest.mark.parametrize(("rule", "figure"), [("sensitivity", sensitivity), ("specificity", specificity)])
def test_a_settled_threshold_keeps_its_rule_after_rounding(rule, figure) -> None:
    truth, logits = true_probabilities(400, seed=3)
    platt, threshold = settle(truth, logits, rule, 0.9)
    assert threshold == round(threshold, 3)
    assert 0.9 <= figure(truth, platt(logits), threshold) < 0.93


def test_the_error_of_true_probabilities_is_in_the_range_of_perfect_calibration() -> None:
    inside = 0
    for seed in range(40):
        truth, logits = true_probabilities(300, seed)
        probability = Platt(1, 0)(logits)
        low, high = perfect_calibration_error(probability, draws=400)["range95"]
        inside += low <= calibration_error(truth, probability) <= high
    assert inside >= 35


def test_the_error_of_a_boastful_model_is_not() -> None:
    truth, logits = true_probabilities(1000, seed=4, slope=0.4)
    probability = Platt(1, 0)(logits)
    assert calibration_error(truth, probability) > 2 * perfect_calibration_error(probability)["range95"][1]


def test_error_is_the_gap_weighted_by_bin() -> None:
    truth, probability = np.array([1, 0, 1, 1]), np.array([0.05, 0.05, 0.95, 1.0])
    assert calibration_error(truth, probability) == pytest.approx((0.9 + 0.05) / 4)


def test_intervals_of_slope_and_intercept_hold_1_and_0_where_probabilities_are_true() -> None:
    truth, logits = true_probabilities(500, seed=5)
    found = calibration(Scored(np.arange(500).astype(str), truth, Platt(1, 0)(logits)), draws=100)
    assert found["slope"]["ci95"][0] < 1 < found["slope"]["ci95"][1]
    assert found["intercept"]["ci95"][0] < 0 < found["intercept"]["ci95"][1]
    assert found["brier"]["value"] < 0.25
