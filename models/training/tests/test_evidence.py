from pathlib import Path

import pytest

from kit.evidence import EVIDENCE, REPORTS, reports, seal, sha256_of
from kit.json_file import read_json, write_json
from kit.recipe import Run

NAMED = {"name": "reader", "version": "1.0.0", "sha256": "a" * 64}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "golden").mkdir()
    write_json(tmp_path / "model.json", NAMED)
    for kind in REPORTS:
        write_json(tmp_path / EVIDENCE[kind], {"model": NAMED})
    write_json(tmp_path / "parity.json", {"model": "reader", "version": "1.0.0", "sha256": "a" * 64})
    write_json(tmp_path / "golden" / "golden.json", [])
    (tmp_path / "MODEL_CARD.md").write_text("# Reader\n")
    return Run(tmp_path, tmp_path, tmp_path, "1.0.0", tmp_path)


def test_a_version_is_sealed_with_the_sum_of_each_file_that_vouches_for_it(run: Run) -> None:
    seal(run)
    evidence = read_json(run.model / "model.json")["evidence"]
    assert [line["kind"] for line in evidence] == ["evaluation", "gates", "explanation", "parity", "golden", "card"]
    assert all(line["sha256"] == sha256_of(run.model / line["file"]) for line in evidence)


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_of_other_weights_is_no_evidence(run: Run, kind: str) -> None:
    other = {"model": "reader", "sha256": "b" * 64} if kind == "parity" else {"model": {**NAMED, "sha256": "b" * 64}}
    write_json(run.model / EVIDENCE[kind], other)
    with pytest.raises(ValueError, match=f"{kind}.json is of other weights"):
        reports(run.model, NAMED)
