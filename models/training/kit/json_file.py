"""JSON as it is committed: two spaces, lists of plain values on one line, a newline at the end, never a NaN."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())


def write_json(path: Path, value: object) -> None:
    """Raises ValueError for NaN and infinity, which JSON has no word for."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    flat = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda match: "[" + re.sub(r",\s+", ", ", match[1]) + "]", text)
    path.write_text(flat + "\n")


def rounded(value: float) -> float:
    """To the four digits that figures are written with."""
    return round(float(value), 4)
