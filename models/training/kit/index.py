"""Writes models/README.md: what there is, how good it is and where it stops, from the files of each model.

python -m kit.index [--check] [--models DIR]
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import Any

from kit.card import table, with_interval
from kit.gates.card import by_versions, refused_more
from kit.json_file import read_json
from kit.recipe import Run

MODELS = Path(__file__).resolve().parents[2]

TEXT = """# Models

Written from the files of each model by `models/training/kit/index.py`; what stands here was measured as its card says.
None is a medical device. Every figure is of its own set, of the part that stands beside it, with a 95 % interval; the
first limit of each is given here, all of them in its card.

{table}
"""

UNITS = {"image": "images", "slice": "slices", "study": "studies"}
HEAD = ["model", "what", "worker", "primary figure (95 % CI)", "gates", "heat map", "limit", "licence"]


def _primary(manifest: dict[str, Any]) -> str:
    figure, unit = manifest["evaluation"]["primary"], UNITS[manifest["answer"]["unit"]]
    of = f"{figure['n']} {unit} of {figure['patients']} patients, {figure.get('part', 'test part')}"
    return f"{figure['output']}: {figure['name']} {with_interval(figure)}, {of}"


def _gates(folder: Path) -> str:
    if not (file := folder / "gates.json").exists():
        return "none measured"
    report = read_json(file)
    least = min(family["value"] for family in report["familiesA"])
    own = with_interval(report["falseRefusals"]["test"]["images"], ".1%")
    kinds = f"{math.floor(100 * least)}% of each of {len(report['familiesA'])} foreign kinds"
    said = f"refuse at least {kinds}, {own} of its own"
    under = refused_more(by_versions(report))["diseased"]
    return f"{said}; **fail: refuse the diseased more often** ({', '.join(under)})" if under else said


def _row(folder: Path) -> list[str]:
    manifest = read_json(folder / "model.json")
    return [
        f"[{manifest['name']}]({folder.name}/MODEL_CARD.md) {manifest['version']}",
        manifest["title"],
        manifest["worker"],
        _primary(manifest),
        _gates(folder),
        "faithful, shown" if manifest["explanation"]["faithful"] else "not faithful, withheld",
        manifest["limits"][0],
        f"data {manifest['licences']['data']}; weights {manifest['licences']['weights']}",
    ]


def index(models: Path) -> str:
    """The text of models/README.md, models in alphabetical order."""
    folders = sorted(file.parent for file in models.glob("*/model.json"))
    return TEXT.format(table=table(HEAD, [_row(folder) for folder in folders], len(HEAD)))


def write(run: Run) -> None:
    """A step: writes it for the folder the model goes to."""
    (run.model.parent / "README.md").write_text(index(run.model.parent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where the file is not what it would be")
    parser.add_argument("--models", type=Path, default=MODELS)
    args = parser.parse_args()
    file, text = args.models / "README.md", index(args.models)
    if not args.check:
        file.write_text(text)
    elif not file.exists() or file.read_text() != text:
        sys.exit("models/README.md is stale: write it with `python -m kit.index` in models/training")


if __name__ == "__main__":
    main()
