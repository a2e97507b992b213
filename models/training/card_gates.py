"""The card's section on the gates, from gates.json."""

from __future__ import annotations

from typing import Any

from card_tables import share, table, with_interval

TEXT = """Before an answer is given, scores of the same graph are compared with these limits, in this order; the first that is
exceeded refuses the image with its reason. A refusal is never a negative.

{limits}

The limits come from val, each patient counted once by the worst image: the 99th percentile, not less than one half
(`pose`), or the largest of those on val and on val under each corruption below (`corrupted`), which the answer was
measured to withstand.

- Remoteness: {remoteness}.
- Atypicality: {atypicality}.
- Pose: {pose}.

Not detected: {mirror}.

Refused, of images of another kind (test parts of other sets; faults made of test images). The method was chosen on the
val parts of these kinds:

{families}

Refused, of test images that lie or are shown wrongly:

{poses}

Refused, of kinds on which neither the method nor a limit was chosen. Version 2.0.0 and a first fit of this one were
measured on them before, so they are not unseen any more; 2.0.0 refused more of them, and more of the diseased than of
the normal under blur and overexposure:

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


def _told(reasons: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in reasons.items()) or "none"


def _families(found: list[dict[str, Any]]) -> str:
    rows = [[f["name"], str(f["n"]), with_interval(f, "share"), _told(f["reasons"])] for f in found]
    return table(["kind", "images", "refused (95 % CI)", "reasons"], rows)


def _false(found: dict[str, Any]) -> str:
    listed = [{"name": "as they are", **found["test"]}, *found["corrupted"]]
    rows = [[f["name"], with_interval(f["images"], "share"), with_interval(f["patients"], "share")] for f in listed]
    return table(["test images", "images refused (95 % CI)", "patients refused (95 % CI)"], rows)


def _answered(found: dict[str, Any]) -> str:
    rows = []
    for name in ("accepted", "refused"):
        group = found[name]
        values = [group["prevalence"], group["auroc"], group["sensitivity"]]
        rows.append([name, str(group["n"]), *("–" if value is None else share(value) for value in values)])
    return table(["images", "number", "share with pneumonia", "AUROC", "sensitivity"], rows)


def _verdict(unseen: list[dict[str, Any]]) -> str:
    missed = [f"{f['name']} ({1 - f['share']:.0%} pass)" for f in unseen if f["share"] < 0.9]
    if not missed:
        return "At least nine of ten of each are refused."
    return (
        f"Not reliably refused: {'; '.join(missed)}. What keeps these out is the header – age and view – which is why\n"
        "an image without them is never answered."
    )


def _classes(versions: list[dict[str, Any]]) -> str:
    rows = [
        [
            v["name"],
            with_interval(v["refusedOfDiseased"], "share"),
            with_interval(v["refusedOfNormal"], "share"),
            f"{v['fisherP']:.4f}" if v["fisherP"] >= 0.0001 else "< 0.0001",
        ]
        for v in versions
    ]
    return table(["val images", "diseased refused (95 % CI)", "normal refused (95 % CI)", "Fisher's p"], rows)


def _strict(corrupted: list[dict[str, Any]]) -> str:
    worst = [f"{f['name']} ({f['images']['share']:.0%})" for f in corrupted if f["images"]["share"] > 0.05]
    if not worst:
        return "No corruption has more than one of twenty refused."
    return f"More than one of twenty are refused, though the answer withstands it, under {', '.join(worst)}: too strict there."


def _bias(versions: list[dict[str, Any]]) -> str:
    """The verdict on refusing the diseased: of what differs beyond chance, and towards whom."""
    named: dict[str, list[str]] = {"diseased": [], "normal": []}
    for version in versions:
        if version["fisherP"] < 0.05:
            more = version["refusedOfDiseased"]["share"] > version["refusedOfNormal"]["share"]
            named["diseased" if more else "normal"].append(version["name"])
    said = [f"the {group} are refused more often ({', '.join(names)})" for group, names in named.items() if names]
    if not said:
        return "No sign that the gates refuse the diseased, within what so few refusals can show."
    verdict = " **There the gates fail: they must not refuse the diseased.**" if named["diseased"] else ""
    return f"Beyond chance, {' and '.join(said)}.{verdict}"


def gates_text(gates: dict[str, Any]) -> str:
    limits = [
        [gate["score"], gate["reason"], f"{gate['atMost']:g}", gate["rule"]] for gate in gates["thresholds"]["gates"]
    ]
    method, answered = gates["method"], gates["answered"]
    sick, well = answered["refusedOfDiseased"], answered["refusedOfNormal"]
    return TEXT.format(
        limits=table(["score", "reason", "at most", "from"], limits),
        remoteness=method["remoteness"],
        atypicality=method["atypicality"],
        pose=method["pose"],
        mirror=method["notDetectable"],
        families=_families(gates["familiesA"]),
        poses=_families(gates["poses"]),
        unseen=_families(gates["familiesB"]),
        verdict=_verdict(gates["familiesB"]),
        camera=gates["falseRefusals"]["otherCamera"],
        false=_false(gates["falseRefusals"]),
        reasons=_told(gates["falseRefusals"]["test"]["reasons"]),
        answered=_answered(answered),
        sick=f"{sick['refused']} of {sick['n']}",
        well=f"{well['refused']} of {well['n']}",
        p=f"{answered['fisherP']:.2f}",
        lean=f"{gates['byClass']['atypicalityAuroc']:.3f}",
        classes=_classes(gates["byClass"]["versions"]),
        strict=_strict(gates["falseRefusals"]["corrupted"]),
        bias=_bias(gates["byClass"]["versions"]),
    )
