import numpy as np
import pytest

from kit.scored import Scored
from kit.subgroups import subgroups


def group(positive: int, negative: int, patients: int) -> dict:
    truth = np.repeat([1, 0], [positive, negative])
    patient = (np.arange(len(truth)) % patients).astype(str)
    scored = Scored(patient, truth, np.random.default_rng(0).random(len(truth)))
    return subgroups(scored, {"all": np.ones(len(truth), bool)}, 0.5, draws=50)[0]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((19, 40, 30), "19 positive of at least 20"),
        ((40, 19, 30), "19 negative of at least 20"),
        ((40, 40, 14), "14 patients of at least 15"),
        ((0, 3, 3), "0 positive of at least 20, 3 negative of at least 20, 3 patients of at least 15"),
    ],
)
def test_a_group_of_too_few_is_not_assessable_and_says_of_what(counts, said: str) -> None:
    found = group(*counts)
    assert not found["assessable"] and found["reason"] == said and "auroc" not in found


def test_a_group_of_just_enough_is() -> None:
    found = group(20, 20, 15)
    assert found["assessable"] and (found["n"], found["patients"]) == (40, 15)
    assert found["auroc"]["ci95"][0] < found["auroc"]["value"] < found["auroc"]["ci95"][1]
