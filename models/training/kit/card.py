"""Figures as a model card prints them: tables, and intervals in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit.robustness import MOST_CHANGE

Figure = Mapping[str, Any]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """The first columns, as many as `words`, to the left, figures to the right."""
    lines = [head, ["---"] * words + ["---:"] * (len(head) - words), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def share(value: float) -> str:
    return f"{value:.3f}"


def change(value: float) -> str:
    return f"{value:+.3f}"


def with_interval(figure: Figure, shown: str = ".3f") -> str:
    """`0.912 (0.874 – 0.943)`; what is undefined is a dash with its reason."""
    if figure["value"] is None:
        return f"– ({figure.get('reason', 'nothing to count')})"
    if figure["ci95"] is None:
        return f"{figure['value']:{shown}} (no interval: {figure['reason']})"
    low, high = figure["ci95"]
    return f"{figure['value']:{shown}} ({low:{shown}} – {high:{shown}})"


def figures_table(figures: Mapping[str, Figure]) -> str:
    """Named figures, one a line."""
    return table(["figure", "value (95 % CI)"], [[name, with_interval(figure)] for name, figure in figures.items()])


def calibration_text(found: Mapping[str, Any]) -> str:
    """What `calibration.calibration` gives, and whether the probabilities can be believed."""
    error = found["expectedCalibrationError"]
    perfect = error["ifPerfect"]
    low, high = perfect["range95"]
    rows = [
        ["Brier score", with_interval(found["brier"])],
        ["Calibration slope (1 is perfect)", with_interval(found["slope"], ".2f")],
        ["Calibration intercept (0 is perfect)", with_interval(found["intercept"], ".2f")],
        ["Expected calibration error", share(error["value"])],
        ["– were every probability true", f"{share(perfect['mean'])} (95 % of draws {share(low)} – {share(high)})"],
    ]
    verdict = (
        "more than true probabilities would give" if error["value"] > high else "what true probabilities would give"
    )
    return f"{table(['calibration', 'value (95 % CI)'], rows)}\n\nThe error is {verdict}{_lean(found['slope'])}."


def _lean(slope: Figure) -> str:
    """Which way probabilities are off, where the interval of the slope says so."""
    if slope.get("ci95") is None:
        return ""
    if slope["ci95"][0] > 1:
        return "; probabilities are too cautious: the slope is above 1"
    return "; probabilities are too extreme: the slope is below 1" if slope["ci95"][1] < 1 else ""


def subgroup_table(groups: Sequence[Mapping[str, Any]]) -> str:
    """What `subgroups.subgroups` gives; a group of too few stays in the table, with its counts."""
    rows = []
    for group in groups:
        counts = [str(group[name]) for name in ("n", "patients", "positive")]
        named = ("auroc", "sensitivity", "specificity")
        figures = [with_interval(group[name]) for name in named] if group["assessable"] else ["not assessable", "", ""]
        rows.append([group["name"], *counts, *figures])
    head = [
        "group",
        "number",
        "patients",
        "positive",
        "AUROC (95 % CI)",
        "sensitivity (95 % CI)",
        "specificity (95 % CI)",
    ]
    return table(head, rows)


def robustness_text(found: Sequence[Mapping[str, Any]]) -> str:
    """What `robustness.robustness` gives."""
    rows = [
        [
            row["name"],
            share(row["auroc"]),
            share(row["sensitivity"]),
            change(row["sensitivityChange"]),
            share(row["specificity"]),
            change(row["specificityChange"]),
            "yes" if row["kept"] else "**no**",
        ]
        for row in found
    ]
    head = ["corruption", "AUROC", "sensitivity", "change", "specificity", "change", f"both within {MOST_CHANGE:g}"]
    lost = ", ".join(row["name"] for row in found if not row["kept"])
    return f"{table(head, rows)}\n\n{f'Not withstood: {lost}.' if lost else 'All are withstood.'}"


def shortcut_table(found: Sequence[Mapping[str, Any]]) -> str:
    """What `shortcuts.shortcut_rows` gives."""
    rows = [
        [
            row["name"],
            with_interval(row["auroc"]),
            with_interval(row["modelGain"], "+.3f") if "modelGain" in row else "",
        ]
        for row in found
    ]
    return table(["what is seen", "AUROC (95 % CI)", "the model reaches more by (95 % CI)"], rows)


def risk_coverage_text(found: Mapping[str, Any]) -> str:
    """What `risk_coverage.risk_coverage` gives."""
    rows = [
        [f"{band['from']:.3f} – {band['to']:.3f}", with_interval(band["coverage"]), with_interval(band["error"])]
        for band in found["bands"]
    ]
    head = ["uncertain, to a human", "share answered (95 % CI)", "of those wrong (95 % CI)"]
    return (
        f"{table(head, [['none', '1.000', with_interval(found['errorOfAll'])], *rows])}\n\n"
        f"Area under the risk–coverage curve: {with_interval(found['area'], '.4f')}."
    )


def learning_curve_table(found: Sequence[Mapping[str, Any]], figure: str, name: str) -> str:
    """What `learning_curve.learning_curve` gives, one figure of it."""
    rows = [
        [f"{point['share']:.0%}", str(point["patients"]), str(point["n"]), with_interval(point[figure])]
        for point in found
    ]
    return table(["share of the training part", "patients", "number", f"{name} (95 % CI)"], rows)


def parity_table(report: Mapping[str, Any]) -> str:
    """What `npm run parity` writes."""
    rows = [
        [
            row["variant"],
            f"{row['largest']:.4f}",
            "–" if row["limit"] is None else f"{row['limit']:g}" + ("" if row["kept"] else ", **broken**"),
            str(row["crossings"]),
            str(row["gateChanges"]),
        ]
        for row in report["variants"]
    ]
    head = ["stored as", "largest change of a probability", "limit", "threshold crossed", "refusals that changed"]
    return table(head, rows)


def asked_for(applicability: Mapping[str, Any]) -> str:
    """What a header must say for the model to be asked, in words: the intended use as the manifest holds it."""
    said = f"{' and '.join(applicability['modality'])} images of {', '.join(applicability['bodyPart'])}"
    if "view" in applicability:
        said += f", view {', '.join(applicability['view'])}"
    if "age" not in applicability:
        return f"It is asked only for {said}. Anything else is skipped with a reason, never answered as a negative."
    age = applicability["age"]
    unknown = ", and an unknown age," if age["unknown"] == "refuse" else ""
    return (
        f"It is asked only for {said}, of people of {age['minYears']} to {age['maxYears']} years (inclusive).\n"
        f"Anything else{unknown} is skipped with a reason, never answered as a negative."
    )


def said_by_every_card(manifest: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, object]:
    """What every card says alike, by the name its text has for it, from the manifest and `evidence.reports`."""
    evaluation, parity = found["evaluation"], found["parity"]
    return {
        **{key: manifest[key] for key in ("title", "name", "version")},
        "intended_use": manifest["intendedUse"],
        "asked_for": asked_for(manifest["applicability"]),
        "threshold": evaluation["threshold"],
        "risk_coverage": risk_coverage_text(evaluation["riskCoverage"]),
        "robustness": robustness_text(evaluation["robustness"]),
        "limits": listed(manifest["limits"]),
        "parity_images": parity["images"],
        "parity": parity_table(parity),
        "licences": licences(manifest),
    }


def listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def licences(manifest: Mapping[str, Any]) -> str:
    return listed([f"{what}: {licence}" for what, licence in manifest["licences"].items()])
