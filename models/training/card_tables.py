"""Figures as the card prints them."""

from __future__ import annotations

from typing import Any


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def share(value: float) -> str:
    return f"{value:.3f}"


def change(value: float) -> str:
    return f"{value:+.3f}"


def with_interval(figure: dict[str, Any], key: str = "value") -> str:
    low, high = figure["ci95"]
    return f"{figure[key]:.3f} ({low:.3f} – {high:.3f})"
