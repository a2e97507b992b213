import numpy as np
import pytest
from simulated import clustered

from kit.figures import auroc, figure
from kit.intervals import bootstrap, mean_interval, resamples, share, wilson


def test_whole_patients_are_redrawn_never_single_images() -> None:
    patients = np.array(["a", "b", "b", "c", "c", "c"])
    for rows in resamples(patients, draws=50):
        drawn = patients[rows]
        assert all((drawn == name).sum() % size == 0 for name, size in (("a", 1), ("b", 2), ("c", 3)))


def test_copies_of_an_image_make_no_interval_narrower() -> None:
    once, tenfold = clustered(60, 1, seed=1), clustered(60, 10, seed=1)
    (low, high), (low10, high10) = (figure(scored, auroc, 300)["ci95"] for scored in (once, tenfold))
    assert high10 - low10 == pytest.approx(high - low, rel=0.15)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        values = rng.normal(size=40).repeat(3) + rng.normal(size=120)
        low, high = mean_interval(np.arange(40).repeat(3).astype(str), values, draws=400)
        covered += low <= 0 <= high
    assert 88 <= covered <= 99


def test_the_mean_has_the_interval_of_the_general_bootstrap() -> None:
    scored = clustered(30, 4, seed=2)
    general = bootstrap(scored.patient, lambda rows: float(scored.score[rows].mean()), draws=1500)
    assert mean_interval(scored.patient, scored.score, draws=1500) == pytest.approx(general, abs=0.02)


def test_a_figure_that_many_draws_leave_undefined_has_no_interval() -> None:
    patients = np.array(["a", "b", "c"])
    assert bootstrap(patients, lambda rows: None if 0 in rows else 1.0, draws=100) is None


def test_wilson_is_as_published_and_keeps_within_0_and_1() -> None:
    assert wilson(81, 263) == pytest.approx([0.2553, 0.3662], abs=5e-5)  # Newcombe 1998, table I
    assert wilson(0, 20) == pytest.approx([0, 0.1611], abs=5e-5)
    assert wilson(0, 0) == [0, 1]


def test_a_share_of_nothing_has_no_value() -> None:
    assert share(0, 0) == {"hits": 0, "n": 0, "value": None, "ci95": [0.0, 1.0]}
