"""Tables of the page on speed, from ``benchmarks/results.json`` and nothing else."""

import json
from pathlib import Path
from typing import Any

from v2g_nb.figures.table import Table

KINDS = {"ours": "ours", "paper": "the paper's way", "general": "general method", "fast": "a peer's fast path"}
Case = dict[str, Any]


def load(path: Path) -> dict[str, Any]:
    """Return the results of a run of all benchmarks."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def of_topic(results: dict[str, Any], topic: str) -> list[Case]:
    """Return the cases of one script, in its order."""
    return [case for case in results["cases"] if case["topic"] == topic]


def seconds(value: float | None) -> str:
    """Return a time in a unit that suits it, with three digits."""
    if value is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{float(f'{value / size:.3g}'):,g} {unit}"
    return f"{float(f'{value * 1e9:.3g}'):g} ns"


def fastest(case: Case, ours: bool) -> dict[str, Any] | None:
    """Return the fastest way of ours, or of the peers': certified, or never measured where nothing can be."""
    ways = [w for w in case["ways"] if (w["kind"] == "ours") == ours and w["seconds"] is not None]
    sound = [w for w in ways if w["certified"] is not False]
    return min(sound, key=lambda way: way["seconds"], default=None)


def ratio(case: Case) -> float | None:
    """Return the best peer's time over ours; None where either is missing."""
    ours, peer = fastest(case, True), fastest(case, False)
    return peer["seconds"] / ours["seconds"] if ours and peer else None


def in_words(value: float | None) -> str:
    """Return a ratio of times as a reader says it."""
    if value is None:
        return "no peer"
    size = value if value >= 1 else 1 / value
    shown = f"{float(f'{size:.2g}'):,g}"
    if shown == "1":
        return "the same"
    return f"{shown} times faster" if value >= 1 else f"{shown} times slower"


def time_of(way: dict[str, Any]) -> str:
    """Return the time of a way, with what has to be said beside it."""
    if way["seconds"] is None:
        return f"absent: {way['why']}"
    return seconds(way["seconds"]) + (", extrapolated" if way["extrapolated"] else "")


def reached(way: dict[str, Any]) -> str:
    """Return what was measured on the answer, and whether it is enough."""
    if way["reached"] is None:
        return "-"
    shown = "0" if way["reached"] == 0 else f"{way['reached']:.1e}"
    return f"{shown}, too much" if way["certified"] is False else shown


def headlines(results: dict[str, Any]) -> Table:
    """Return ours beside the best peer, one row a problem that has both."""
    rows = []
    for case in results["cases"]:
        ours, peer = fastest(case, True), fastest(case, False)
        if ours and peer:
            times = [seconds(ours["seconds"]), time_of(peer), peer["name"]]
            rows.append([f"{case['what']}, {case['size']}", in_words(ratio(case)), *times])
    return Table(["problem", "ours is", "ours", "best peer", "who"], rows, "Ours beside the best peer on each problem")


def details(results: dict[str, Any], topic: str) -> list[Table]:
    """Return a table for each case of a topic, with every way that was timed, without columns that nothing fills."""
    tables = []
    for case in of_topic(results, topic):
        columns: dict[str, list[str]] = {
            "method": [way["name"] for way in case["ways"]],
            "time": [time_of(way) for way in case["ways"]],
            "kind": [KINDS[way["kind"]] for way in case["ways"]],
        }
        if any(way["set_up"] is not None for way in case["ways"]):
            columns["set-up"] = [seconds(way["set_up"]) for way in case["ways"]]
        if case["tolerance"] is not None:
            head = f"{case['measure']}: at most {case['tolerance']:g}"
            columns[head] = [reached(way) for way in case["ways"]]
        what = case["what"][0].upper() + case["what"][1:]
        tables.append(Table(list(columns), list(zip(*columns.values(), strict=True)), f"{what}, {case['size']}"))
    return tables


def circumstances(results: dict[str, Any]) -> Table:
    """Return when, where and with what the run was made."""
    machine = results["machine"]
    versions, peers = (", ".join(f"{k} {v}" for k, v in results[part].items()) for part in ("versions", "peers"))
    rows = [
        ["date", results["date"]],
        ["command", results["command"]],
        ["length of the run", f"{results['minutes']:g} min"],
        ["processor", f"{machine['processor']}, {machine['cores']} cores, one of them used"],
        ["memory", f"{machine['memory_gib']:g} GiB"],
        ["system", machine["system"]],
        ["linear algebra", machine["arithmetic"]],
        ["other load when it began", f"{machine['load']:g} processes on average"],
        ["versions", versions],
        ["in the peers' environment", peers or "none installed"],
    ]
    return Table(["what", "value"], rows, "The run")
