import numpy as np
import pytest
from simulated import clustered

from kit.risk_coverage import bands, risk_coverage
from kit.scored import Scored


def test_a_band_sends_the_share_it_was_chosen_for_to_a_human() -> None:
    scored = clustered(400, 1, seed=1)
    widths = bands(scored.score, 0.6)
    found = risk_coverage(scored, 0.6, widths, draws=50)["bands"]
    assert [band["coverage"]["value"] for band in found] == pytest.approx([0.95, 0.9, 0.8], abs=0.01)


def test_a_band_lies_around_the_threshold_as_far_in_log_odds_either_way() -> None:
    scored = clustered(100, 1, seed=2)
    (band,) = risk_coverage(scored, 0.5, [np.log(3)], draws=20)["bands"]
    assert (band["from"], band["to"]) == (0.25, 0.75)


def test_of_surer_answers_fewer_are_wrong_and_the_area_shows_it() -> None:
    scored = clustered(600, 1, seed=3)
    found = risk_coverage(scored, 0.6, bands(scored.score, 0.6), draws=50)
    errors = [found["errorOfAll"]["value"], *(band["error"]["value"] for band in found["bands"])]
    assert errors == sorted(errors, reverse=True)
    assert found["area"]["value"] < found["errorOfAll"]["value"]


def test_an_area_is_the_mean_error_over_every_coverage() -> None:
    scored = Scored(np.array(list("abc")), np.array([1, 1, 0]), np.array([0.99, 0.3, 0.45]))
    assert risk_coverage(scored, 0.5, [], draws=20)["area"]["value"] == pytest.approx((0 + 1 / 2 + 1 / 3) / 3, abs=1e-4)


def test_a_band_that_leaves_nothing_answered_has_no_error() -> None:
    scored = clustered(50, 1, seed=4)
    (band,) = risk_coverage(scored, 0.5, [50.0], draws=20)["bands"]
    assert band["coverage"]["value"] == 0 and band["error"]["value"] is None
