"""A step: the same pictures, stored otherwise, must be answered alike. The mesh measures it, from stored pixels on."""

from __future__ import annotations

import subprocess
from pathlib import Path

from kit.recipe import Run

REPOSITORY = Path(__file__).resolve().parents[3]


def measure(run: Run) -> None:
    """Writes parity.json; raises CalledProcessError where a limit is broken."""
    asked = ["--data", run.data.resolve(), "--models", run.model.resolve().parent, "--split", "test", "--write"]
    command = ["npm", "run", "-s", "parity", "--", run.model.name, *map(str, asked)]
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    done.check_returncode()
