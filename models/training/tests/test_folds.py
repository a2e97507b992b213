import numpy as np
import pytest

from kit.folds import k_folds, out_of_fold, second_half

PATIENTS = np.repeat([f"p{index}" for index in range(40)], 3)
TRUTH = np.repeat((np.arange(40) % 4 == 0).astype(np.int64), 3)


def test_folds_share_no_patient_and_each_has_its_share_of_the_ill() -> None:
    folds = k_folds(PATIENTS, TRUTH)
    assert all(len(set(folds[PATIENTS == name])) == 1 for name in set(PATIENTS))
    assert [int(TRUTH[folds == fold].sum()) for fold in range(5)] == [6] * 5


def test_folds_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    assert np.array_equal(k_folds(PATIENTS, TRUTH, seed=3), k_folds(PATIENTS, TRUTH, seed=3))
    assert not np.array_equal(k_folds(PATIENTS, TRUTH, seed=3), k_folds(PATIENTS, TRUTH, seed=4))


def test_a_fold_without_a_class_is_refused() -> None:
    with pytest.raises(ValueError, match="one class only"):
        k_folds(PATIENTS, np.isin(PATIENTS, ["p0", "p1"]).astype(np.int64))


def test_no_row_is_answered_by_a_model_that_saw_its_patient() -> None:
    folds = k_folds(PATIENTS, TRUTH)

    def answer(train: np.ndarray, held: np.ndarray) -> np.ndarray:
        assert not set(PATIENTS[train]) & set(PATIENTS[held])
        return held.astype(float)

    assert np.array_equal(out_of_fold(folds, answer), np.arange(len(PATIENTS)))


def test_halves_share_no_patient_even_one_with_both_labels() -> None:
    mixed = TRUTH.copy()
    mixed[3] = 1  # one of the three rows of p1
    second = second_half(PATIENTS, mixed)
    assert not set(PATIENTS[second]) & set(PATIENTS[~second])
    assert second.sum() == (14 + 5) * 3  # of 29 and 11 patients


def test_halves_do_not_hang_on_the_order_of_the_rows() -> None:
    order = np.random.default_rng(0).permutation(len(PATIENTS))
    assert np.array_equal(second_half(PATIENTS[order], TRUTH[order]), second_half(PATIENTS, TRUTH)[order])
