"""The log of evaluations on the test part: each look at it makes the next model a little less blind.

A version may look twice. Weights and threshold that were looked at already show nothing new, however often the figures
are computed again.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

MOST = 2
LINE = re.compile(r"(?P<version>\S+) (?P<weights>[0-9a-f]{12}) threshold (?P<threshold>[^\s:]+)[ :]")


class TooManyLooksError(Exception):
    """The test part has been looked at twice for this version."""


@dataclass(frozen=True)
class Look:
    """What is looked at: a version, the SHA-256 of its weights and its threshold, or thresholds with commas between.

    `log` is the file of lines.
    """

    log: Path
    version: str
    sha256: str
    threshold: str

    @property
    def _key(self) -> tuple[str, str]:
        return self.sha256[:12], self.threshold

    def begin(self) -> None:
        """To be called before the test part is read. A look that is new leaves its line at once, a third one raises."""
        text = self.log.read_text() if self.log.exists() else ""
        lines = [found for line in text.splitlines() if (found := LINE.match(line))]
        seen = {(line["weights"], line["threshold"]) for line in lines if line["version"] == self.version}
        if self._key in seen:
            return
        if len(seen) >= MOST:
            raise TooManyLooksError(f"{self.version} has been evaluated on the test part {MOST} times: see {self.log}")
        self.record("looked at", f"look {len(seen) + 1} of {MOST}")

    def record(self, what: str, found: object) -> None:
        """Adds a line of what was found."""
        self.log.parent.mkdir(exist_ok=True)
        weights, threshold = self._key
        with self.log.open("a") as handle:
            print(f"{self.version} {weights} threshold {threshold} {what}: {json.dumps(found)}", file=handle)
