"""The card's section on the heat map, from explanation.json."""

from __future__ import annotations

from typing import Any

from kit.card import change, table

TEXT = """It is the class activation of the last feature map, {cells}, drawn at image size. It gives no
side and no place; nobody should read one from it.

**{verdict}** Measured by insertion and deletion on {images} {part} images of {patients} patients ({chosen}), in {steps}
steps; what is taken away is replaced by {baseline}. The score is the {score}{score_remark}.
A gain is how much better the map's area is than the rival's on the same image (higher for insertion, lower for
deletion), with a 95 % interval by bootstrap over patients:

{gains}

Mean areas:

{areas}

{consequence}"""

NAMES = {
    "activation": "this map",
    "gaussian": "a Gaussian in the middle",
    "mean": "the mean map",
    "shuffled": "shuffled weights",
}


def _gains(found: list[dict[str, Any]]) -> str:
    rows = [
        [g["words"], g["curve"], f"{change(g['gain'])} ({change(g['ci95'][0])} – {change(g['ci95'][1])})"]
        for g in found
    ]
    return table(["against", "curve", "gain (95 % CI)"], rows)


def _areas(found: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(area["map"] for area in found))
    value = {(area["map"], area["curve"]): area["mean"] for area in found}
    rows = [[NAMES[name], f"{value[name, 'insertion']:.3f}", f"{value[name, 'deletion']:.3f}"] for name in names]
    return table(["map", "insertion", "deletion"], rows)


def explanation_text(report: dict[str, Any], score_remark: str = "", map_remark: str = "") -> str:
    """`score_remark` goes on the sentence about the score, where something must be said of how it was settled, and
    `map_remark` behind the map's cells, where they are not those of the last feature map."""
    faithful = report["faithful"]
    lost = sorted({gain["words"] for gain in report["gains"] if gain["ci95"][0] <= 0})
    return TEXT.format(
        cells=f"{' × '.join(str(side) for side in report['cells'])} cells over the whole image{map_remark}",
        verdict="Faithful by this measure." if faithful else "Not faithful.",
        images=report["images"],
        part=report["part"],
        patients=report["patients"],
        chosen=report["chosen"],
        steps=report["steps"],
        baseline=report["baseline"],
        score=report["score"],
        score_remark=score_remark,
        gains=_gains(report["gains"]),
        areas=_areas(report["areas"]),
        consequence="It beats all three rivals in both curves, so it is shown."
        if faithful
        else f"It does not beat {', '.join(lost)} in both curves, so it is withheld.",
    )
