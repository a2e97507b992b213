"""The card's section on the gates, from gates.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit.card import share, table, with_interval
from kit.gates.limits import FADING

Report = Mapping[str, Any]

TEXT = """Before an answer is given, scores of the same graph are compared with these limits, in this order; the first that is
exceeded refuses the image with its reason. A refusal is never a negative.

{limits}

The limits come from val, each patient counted once by the worst image: the 99th percentile, not less than one half
(`pose`), or the largest of those on val and on val under each corruption below{but} (`corrupted`), which the answer was
measured to withstand.{shown}

- Remoteness: {remoteness}.
- Atypicality: {atypicality}.
- Pose: {pose}.

Not detected: {undetectable}.

Refused, of images of another kind (test parts of other sets; faults made of test images). The method was chosen on the
val parts of these kinds:

{families}

Refused, of test images that lie or are shown wrongly:

{poses}

Refused, of kinds on which neither the method nor a limit was chosen{unseen_remark}:

{unseen}

{verdict}

Refused wrongly, of test images as they are and corrupted at severity 3 (a patient is refused when one image is; the
interval of the images is by bootstrap over patients, that of the patients is Wilson's). From another camera:
{camera}.

{false}

{strict}

Reasons for refusing test images as they are: {reasons}.

The answer among accepted and refused test images:

{answered}

Refused are {sick} of the diseased and {well} of the normal images (Fisher's exact test p = {p}).

Whether the diseased are refused more often, on val, where the corruptions that are refused most give numbers to tell by.
Atypicality alone tells diseased from normal with AUROC {lean}; .5 would be indifferent:

{classes}

{bias}"""


def _told(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in reasons.items()) or "none"


def _families(found: Sequence[Report]) -> str:
    rows = [[f["name"], str(f["n"]), with_interval(f), _told(f["reasons"])] for f in found]
    return table(["kind", "images", "refused (95 % CI)", "reasons"], rows)


def _false(found: Report) -> str:
    listed = [{"name": "as they are", **found["test"]}, *found["corrupted"]]
    rows = [[f["name"], with_interval(f["images"]), with_interval(f["patients"])] for f in listed]
    return table(["test images", "images refused (95 % CI)", "patients refused (95 % CI)"], rows)


def _answered(found: Report) -> str:
    rows = []
    for name in ("accepted", "refused"):
        group = found[name]
        values = [group["prevalence"]["value"], group["auroc"], group["sensitivity"]]
        rows.append(
            [name, str(group["prevalence"]["n"]), *("–" if value is None else share(value) for value in values)]
        )
    return table(["images", "number", "share of diseased", "AUROC", "sensitivity"], rows)


def _verdict(unseen: Sequence[Report]) -> str:
    missed = [f"{f['name']} ({1 - f['value']:.0%} pass)" for f in unseen if f["value"] < 0.9]
    if not missed:
        return "At least nine of ten of each are refused."
    return (
        f"Not reliably refused: {'; '.join(missed)}. What keeps these out is the header, which is why an image that\n"
        "does not say what it is is never answered."
    )


def _classes(versions: Sequence[Report]) -> str:
    rows = [
        [
            v["name"],
            with_interval(v["refusedOfDiseased"]),
            with_interval(v["refusedOfNormal"]),
            f"{v['fisherP']:.4f}" if v["fisherP"] >= 0.0001 else "< 0.0001",
        ]
        for v in versions
    ]
    return table(["val images", "diseased refused (95 % CI)", "normal refused (95 % CI)", "Fisher's p"], rows)


def _strict(corrupted: Sequence[Report], lost: Sequence[str]) -> str:
    refused = {f["name"]: f["images"]["value"] for f in corrupted}
    told = {name: f"{name} ({value:.0%})" for name, value in refused.items()}
    worst = [told[name] for name, value in refused.items() if value > 0.05 and name not in lost]
    said = f"No corruption{' that it withstands' if lost else ''} has more than one of twenty refused."
    if worst:
        under = ", ".join(worst)
        said = f"More than one of twenty are refused, though the answer withstands it, under {under}: too strict there."
    if not lost:
        return said
    return f"{said}\nOf what the answer does not withstand are refused: {', '.join(told[name] for name in lost)}."


def by_versions(gates: Report) -> list[Report]:
    """Whom the gates refuse of the test part as it is, and of each version of val."""
    return [{"name": "test images as they are", **gates["answered"]}, *gates["byClass"]["versions"]]


def refused_more(versions: Sequence[Report]) -> dict[str, list[str]]:
    """Which versions have the diseased refused more often than the normal, beyond chance; and the reverse."""
    named: dict[str, list[str]] = {"diseased": [], "normal": []}
    for version in versions:
        if version["fisherP"] < 0.05:
            more = version["refusedOfDiseased"]["value"] > version["refusedOfNormal"]["value"]
            named["diseased" if more else "normal"].append(version["name"])
    return named


def _bias(versions: Sequence[Report]) -> str:
    named = refused_more(versions)
    said = [f"the {group} are refused more often ({', '.join(names)})" for group, names in named.items() if names]
    if not said:
        return "No sign that the gates refuse the diseased, within what so few refusals can show."
    verdict = " **There the gates fail: they must not refuse the diseased.**" if named["diseased"] else ""
    return f"Beyond chance, {' and '.join(said)}.{verdict}"


SHOWN = f""" Where it is `shown`, each corruption counts that leaves contrast (all but
{', '.join(FADING)}): what is shown poorly is not blank."""


def gates_text(gates: Report, unseen_remark: str = "", lost: Sequence[str] = ()) -> str:
    """`unseen_remark` goes on the sentence about families B, where something must be said of how unseen they are.

    `lost` names the corruptions that the answer does not withstand: no limit was taken from those.
    """
    limits = [
        [gate["score"], gate["reason"], f"{gate['atMost']:g}", gate["rule"]] for gate in gates["thresholds"]["gates"]
    ]
    method, answered = gates["method"], gates["answered"]
    sick, well = answered["refusedOfDiseased"], answered["refusedOfNormal"]
    return TEXT.format(
        limits=table(["score", "reason", "at most", "from"], limits),
        but=f" but {', '.join(lost)}" if lost else "",
        shown=SHOWN if any(gate["rule"] == "shown" for gate in gates["thresholds"]["gates"]) else "",
        remoteness=method["remoteness"],
        atypicality=method["atypicality"],
        pose=method["pose"],
        undetectable=method["notDetectable"],
        families=_families(gates["familiesA"]),
        poses=_families(gates["poses"]),
        unseen_remark=unseen_remark,
        unseen=_families(gates["familiesB"]),
        verdict=_verdict(gates["familiesB"]),
        camera=gates["falseRefusals"]["otherCamera"],
        false=_false(gates["falseRefusals"]),
        reasons=_told(gates["falseRefusals"]["test"]["reasons"]),
        answered=_answered(answered),
        sick=f"{sick['hits']} of {sick['n']}",
        well=f"{well['hits']} of {well['n']}",
        p=f"{answered['fisherP']:.2f}",
        lean=share(gates["byClass"]["atypicalityAuroc"]),
        classes=_classes(gates["byClass"]["versions"]),
        strict=_strict(gates["falseRefusals"]["corrupted"], lost),
        bias=_bias(by_versions(gates)),
    )
