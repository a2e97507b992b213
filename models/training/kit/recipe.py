"""A recipe: the steps that make a model, declared once, run one at a time.

    python -m RECIPE --list                                       the steps, as JSON
    python -m RECIPE STEP --data DIR --sets DIR [--version X]     one step

RECIPE is a package of this folder. Needs nothing but Python itself until a step runs.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """What a step is given: the data folder, the folder of the other sets, where the model goes, its version, and where
    what is not shipped goes (ignored by git)."""

    data: Path
    sets: Path
    model: Path
    version: str
    scratch: Path


@dataclass(frozen=True)
class Step:
    """`entry` is `module:function`, which takes a Run. `does` is one line; `reads` says which parts of the data."""

    name: str
    entry: str
    does: str
    reads: str


@dataclass(frozen=True)
class Recipe:
    """`folder` is the recipe's package, `version` the one that the steps are written for."""

    folder: Path
    version: str
    steps: tuple[Step, ...]

    @property
    def model(self) -> str:
        """The name below models/."""
        return self.folder.name.replace("_", "-")


class _Both(io.TextIOBase):
    """Writes what is printed to the screen and to a log."""

    def __init__(self, *outs: io.TextIOBase) -> None:
        self.outs = outs

    def write(self, text: str) -> int:
        for out in self.outs:
            out.write(text)
        return len(text)

    def flush(self) -> None:
        for out in self.outs:
            out.flush()


def run_step(step: Step, run: Run) -> None:
    """Runs one step; what it prints, if anything, is in logs/STEP.log of the model as well."""
    log = run.model / "logs" / f"{step.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    run.scratch.mkdir(parents=True, exist_ok=True)
    with log.open("w") as handle, contextlib.redirect_stdout(_Both(sys.stdout, handle)):
        try:
            module, function = step.entry.split(":")
            getattr(importlib.import_module(module), function)(run)
        except BaseException:
            traceback.print_exc(file=handle)
            raise
    if log.stat().st_size == 0:
        log.unlink()


def main(recipe: Recipe, arguments: Sequence[str] | None = None) -> None:
    """The command line of a recipe: its `__main__.py` calls this."""
    parser = argparse.ArgumentParser(prog=f"python -m {recipe.folder.name}")
    parser.add_argument("step", nargs="?", choices=[step.name for step in recipe.steps])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", type=Path)
    parser.add_argument("--version", default=recipe.version)
    parser.add_argument("--models", type=Path, default=recipe.folder.parents[1])
    args = parser.parse_args(arguments)
    if args.list:
        steps = [{"name": step.name, "does": step.does, "reads": step.reads} for step in recipe.steps]
        print(json.dumps({"version": recipe.version, "steps": steps}))
        return
    if args.step is None or args.data is None:
        parser.error("a step and --data, or --list")
    step = next(step for step in recipe.steps if step.name == args.step)
    sets, scratch = args.sets or args.data.parent, recipe.folder.parent / "runs" / recipe.model
    run_step(step, Run(args.data, sets, args.models / recipe.model, args.version, scratch))
