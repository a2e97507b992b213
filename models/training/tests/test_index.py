import sys
from pathlib import Path

import pytest

from kit import index
from kit.json_file import write_json


def shelve(models: Path, name: str, *, faithful: bool = False, **primary_too: str) -> None:
    (models / name).mkdir()
    primary = {"name": "auroc", "output": "ill", "value": 0.9, "ci95": [0.85, 0.95], "n": 100, "patients": 40}
    manifest = {
        "name": name,
        "version": "1.0.0",
        "title": f"What {name} does",
        "worker": "xray",
        "answer": {"unit": "image"},
        "evaluation": {"primary": primary | primary_too},
        "explanation": {"faithful": faithful},
        "limits": ["One hospital.", "One scanner."],
        "licences": {"data": "CC BY 4.0", "weights": "Apache-2.0"},
    }
    write_json(models / name / "model.json", manifest)


def test_lists_every_model_with_figure_verdicts_limit_and_licence(tmp_path: Path) -> None:
    shelve(tmp_path, "second", part="out of fold")
    shelve(tmp_path, "first")
    gates = {
        "familiesA": [{"value": 1.0}, {"value": 0.967}],
        "falseRefusals": {"test": {"images": {"value": 0.01, "ci95": [0.002, 0.02]}}},
        "answered": {"fisherP": 0.3, "refusedOfDiseased": {"value": 0.1}, "refusedOfNormal": {"value": 0.0}},
        "byClass": {
            "versions": [
                {
                    "name": "blur",
                    "fisherP": 0.001,
                    "refusedOfDiseased": {"value": 0.3},
                    "refusedOfNormal": {"value": 0.1},
                }
            ]
        },
    }
    write_json(tmp_path / "second" / "gates.json", gates)
    first, second = index.index(tmp_path).splitlines()[-2:]
    assert "[first](first/MODEL_CARD.md) 1.0.0 | What first does | xray" in first
    assert "ill: auroc 0.900 (0.850 – 0.950), 100 images of 40 patients, test part | none measured" in first
    assert "100 images of 40 patients, out of fold | refuse" in second
    assert first.endswith("not faithful, withheld | One hospital. | data CC BY 4.0; weights Apache-2.0 |")
    assert "refuse at least 96% of each of 2 foreign kinds, 1.0% (0.2% – 2.0%) of its own; **fail:" in second
    assert "refuse the diseased more often** (blur)" in second


def test_a_stale_file_fails_the_check_and_a_fresh_one_passes(tmp_path: Path, monkeypatch) -> None:
    def run(*arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["index", "--models", str(tmp_path), *arguments])
        index.main()

    shelve(tmp_path, "first")
    with pytest.raises(SystemExit, match="stale"):
        run("--check")
    run()
    run("--check")
    shelve(tmp_path, "second", faithful=True)
    with pytest.raises(SystemExit, match="stale"):
        run("--check")
