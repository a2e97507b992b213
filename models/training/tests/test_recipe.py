import json
from pathlib import Path

import pytest

from kit.recipe import Recipe, Step, main


@pytest.fixture
def paper(tmp_path: Path, monkeypatch) -> Recipe:
    folder = tmp_path / "training" / "paper_reader"
    folder.mkdir(parents=True)
    (folder / "fit.py").write_text(
        "def main(run): print(run.version, run.data.name, run.sets.name, run.scratch.name)\n"
    )
    (folder / "fail.py").write_text("def main(run): raise RuntimeError('no data')\n")
    monkeypatch.syspath_prepend(folder.parent)
    return Recipe(
        folder,
        "1.0.0",
        (Step("fit", "paper_reader.fit:main", "fits a line", "train"), Step("fail", "paper_reader.fail:main", "", "")),
    )


def test_lists_its_steps_without_running_one(paper: Recipe, capsys) -> None:
    main(paper, ["--list"])
    listed = json.loads(capsys.readouterr().out)
    assert listed["version"] == "1.0.0"
    assert listed["steps"][0] == {"name": "fit", "does": "fits a line", "reads": "train"}


def test_what_a_step_prints_is_shown_and_logged(paper: Recipe, tmp_path: Path, capsys) -> None:
    main(paper, ["fit", "--data", str(tmp_path / "set"), "--version", "2.0.0"])
    assert capsys.readouterr().out == f"2.0.0 set {tmp_path.name} paper-reader\n"
    assert (tmp_path / "paper-reader" / "logs" / "fit.log").read_text() == f"2.0.0 set {tmp_path.name} paper-reader\n"


def test_a_step_that_fails_fails_the_command_and_says_why_in_its_log(paper: Recipe, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no data"):
        main(paper, ["fail", "--data", str(tmp_path)])
    assert "RuntimeError: no data" in (tmp_path / "paper-reader" / "logs" / "fail.log").read_text()


def test_a_step_it_does_not_have_is_refused(paper: Recipe, capsys) -> None:
    with pytest.raises(SystemExit):
        main(paper, ["cook", "--data", "."])
    assert "choose from" in capsys.readouterr().err
