import numpy as np

from kit.learning_curve import learning_curve

PATIENTS = np.repeat([f"p{index}" for index in range(20)], 2)


def test_subsets_grow_by_whole_patients_each_within_the_next() -> None:
    seen: list[set[str]] = []

    def score(rows: np.ndarray) -> dict[str, object]:
        names = set(PATIENTS[rows])
        assert len(rows) == 2 * len(names)
        seen.append(names)
        return {"auroc": {"value": 0.5}}

    found = learning_curve(PATIENTS, score)
    assert [(point["patients"], point["n"]) for point in found] == [(5, 10), (10, 20), (15, 30), (20, 40)]
    assert all(smaller < larger for smaller, larger in zip(seen, seen[1:], strict=False))


def test_the_same_seed_gives_the_same_patients() -> None:
    drawn = [learning_curve(PATIENTS, lambda rows: {"rows": rows.tolist()}, seed=seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
