from types import SimpleNamespace

import numpy as np
import pytest

from kit.corruptions import CORRUPTIONS, corrupt
from kit.gates.card import gates_text
from kit.gates.families import FAULTS, MOST, faults, one_each
from kit.gates.limits import FADING, Gate, limits, worst_of_patient
from kit.gates.poses import POSES, posed
from kit.gates.refusals import Gatekeeper, answered, false_refusals
from kit.gates.report import Part, Tried, gates_report
from kit.scored import Scored

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 200, (12, 48, 64)).astype(np.uint8)
PATIENTS = np.repeat([f"p{index}" for index in range(6)], 2)
TRUTH = np.arange(12) % 2


class Graph:
    """Two scores: mean grey and its negative; and what the manifest says they may be."""

    named = {"name": "graph"}
    manifest = {
        "applicability": {
            "scores": [
                {"score": "bright", "atMost": 150, "reason": "blank", "detail": "Too bright."},
                {"score": "dark", "atMost": -20, "reason": "text-only", "detail": "Too dark."},
            ]
        },
        "graph": {"scores": ["bright", "dark"]},
    }

    def threshold(self) -> float:
        return 0.5

    @property
    def model(self) -> "Graph":
        return self

    def outputs(self, images: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
        mean = images.mean((1, 2))[:, None]
        return {name: -mean if name == "dark" else mean for name in names}


def test_an_image_is_refused_for_the_first_gate_it_exceeds() -> None:
    shown = np.stack([np.full((8, 8), grey, np.uint8) for grey in (0, 100, 255)])
    assert Gatekeeper(Graph()).reasons(shown) == ["text-only", None, "blank"]


def test_a_patient_is_refused_when_one_image_is() -> None:
    found = false_refusals(PATIENTS, ["blank", None, None, *[None] * 9])
    assert (found["images"]["hits"], found["images"]["n"]) == (1, 12)
    assert (found["patients"]["hits"], found["patients"]["n"]) == (1, 6)
    assert found["reasons"] == {"blank": 1}


def test_that_none_was_refused_does_not_say_that_none_will_be() -> None:
    low, high = false_refusals(PATIENTS, [None] * 12)["images"]["ci95"]
    assert low == 0 and high == pytest.approx(0.39, abs=0.01)  # Wilson's of 6 patients


def test_nothing_that_is_refused_has_an_answer_to_be_worth_something() -> None:
    found = answered(Scored(PATIENTS, TRUTH, RNG.random(12)), [None] * 12, 0.5)
    assert found["refused"] == {
        "prevalence": {"hits": 0, "n": 0, "value": None, "ci95": [0, 1]},
        "auroc": None,
        "sensitivity": None,
    }
    assert found["refusedOfDiseased"]["n"] == 6 and found["fisherP"] == 1


def test_refusing_only_the_diseased_is_beyond_chance() -> None:
    truth = np.repeat([1, 0], 12)
    found = answered(Scored(np.arange(24).astype(str), truth, RNG.random(24)), ["blank"] * 8 + [None] * 16, 0.5)
    assert found["refusedOfDiseased"]["hits"] == 8 and found["fisherP"] < 0.01


def test_a_limit_counts_each_patient_once_by_the_worst_image() -> None:
    assert worst_of_patient(np.array(["b", "a", "b"]), np.array([1.0, 5.0, 3.0])).tolist() == [5, 3]


def test_a_limit_is_what_the_corrupted_images_of_val_need_or_one_half_of_a_pose() -> None:
    gates = (Gate("bright", "corrupted", "blank", ""), Gate("turned", "pose", "rotated", ""))

    def scores_of(shown: np.ndarray) -> dict[str, np.ndarray]:
        return {"bright": shown.mean((1, 2)), "turned": np.full(len(shown), 0.01)}

    most = limits(gates, PATIENTS, IMAGES, scores_of)
    assert most["turned"] == 0.5
    assert most["bright"] > np.percentile(IMAGES.mean((1, 2)), 99) + 40  # exposure adds up to .3 of full scale
    assert limits(gates, PATIENTS, IMAGES, scores_of, withstood=["blur"])["bright"] < most["bright"] - 30
    assert limits(gates, PATIENTS, IMAGES, scores_of, withstood=[])["turned"] == 0.5


def test_a_limit_on_what_is_shown_hangs_on_no_corruption_that_is_withstood_and_on_none_that_takes_contrast() -> None:
    asked = []

    def scores_of(shown: np.ndarray) -> dict[str, np.ndarray]:
        asked.append(shown)
        return {"even": -shown.std((1, 2))}

    (most,) = limits([Gate("even", "shown", "blank", "")], PATIENTS, IMAGES, scores_of, withstood=[]).values()
    blurred, faded = (np.percentile(-corrupt(IMAGES, name).std((1, 2)), 99) for name in ("blur", "contrast"))
    assert blurred - 1e-3 < most < faded
    assert len(asked) == 1 + len(CORRUPTIONS) - len(FADING)


@pytest.mark.parametrize("shape", [(224, 224), (208, 512)])
def test_faults_are_of_the_shape_of_the_images_they_are_made_of(shape: tuple[int, int]) -> None:
    found = faults(RNG.integers(0, 256, (3, *shape)).astype(np.uint8))
    assert list(found) == list(FAULTS)
    assert all(images.shape == (3, *shape) and images.dtype == np.uint8 for images in found.values())


def test_of_another_set_one_image_a_patient_is_taken_and_not_too_many() -> None:
    lines = [{"file": f"{index:04d}", "patient": str(index // 3)} for index in range(900)]
    taken = one_each(lines, "patient")
    assert len({line["patient"] for line in taken}) == len(taken) <= MOST


def test_poses_turn_counter_clockwise_flip_and_invert() -> None:
    image = np.array([[[1, 2], [3, 4]]], np.uint8)
    assert [posed(image, pose)[0].tolist() for pose in POSES] == [
        [[1, 2], [3, 4]],
        [[2, 4], [1, 3]],
        [[4, 3], [2, 1]],
        [[3, 1], [4, 2]],
        [[3, 4], [1, 2]],
        [[254, 253], [252, 251]],
    ]


def test_whatever_the_gates_do_the_card_can_say() -> None:
    graph, log = Graph(), []
    graph.probability = lambda images: images.mean((1, 2)) / 255
    graph.look = SimpleNamespace(record=lambda what, found: log.append(what))
    own = Part(IMAGES, PATIENTS, TRUTH)
    others = {"bright": IMAGES // 2 + np.uint8(128), "as they are": IMAGES}
    gates = (Gate("bright", "corrupted", "blank", ""), Gate("dark", "corrupted", "text-only", ""))
    report = gates_report(graph, gates, Tried(own, own, others, others, ("blur", "exposure +"), "none was at hand"))
    assert log == ["gates"]
    text = gates_text(report, "; seen before")
    assert "nor a limit was chosen; seen before:" in text
    assert "nan" not in text and "None" not in text
    assert "as they are (100% pass)" in text and "under exposure + (100%)" in text
    ill = {"refusedOfDiseased": {"hits": 9, "n": 9, "value": 1}, "refusedOfNormal": {"hits": 0, "n": 9, "value": 0}}
    text = gates_text({**report, "answered": {**report["answered"], **ill, "fisherP": 0.01}})
    assert "the diseased are refused more often (test images as they are). **There the gates fail" in text
    text = gates_text(report, lost=["exposure +"])
    assert "under each corruption below but exposure + (`corrupted`)" in text
    assert "No corruption that it withstands has more than one of twenty refused." in text
    assert "the answer does not withstand are refused: exposure + (100%)." in text
