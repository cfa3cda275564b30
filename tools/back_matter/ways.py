"""Paths for readers, a course, and how long each chapter takes: from ``book/ways.yml`` and the chapters."""

import re
from typing import Any

import yaml

from tools import reading_time
from tools.back_matter.chapters import PARTS, cells, title
from tools.paths import BOOK

SOURCE = BOOK / "ways.yml"


def load() -> dict[str, list[dict[str, Any]]]:
    """Return paths and course."""
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return found


def minutes(chapters: list[str]) -> int:
    """Return how long the chapters take."""
    return sum(reading_time.measure(c).minutes for c in chapters)


def duration(total: int) -> str:
    """Return minutes in hours and minutes."""
    hours, rest = divmod(total, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest))


def link(chapter: str) -> str:
    """Return a link to a chapter by its title."""
    return f"{{chapter}}`{title(chapter)} <{chapter}>`"


def exercises(chapter: str) -> dict[str, str]:
    """Return the exercises of a chapter: title by label."""
    prose = "\n".join(c["source"] for c in cells(chapter) if c["cell_type"] == "markdown")
    found = re.findall(r"^`{3,}\{exercise(?:-start)?\} *(.*?)\n:label: *(\S+)", prose, flags=re.M)
    return {label: name for name, label in found}


def paths() -> str:
    """Return the readers' paths as Markdown."""
    lines = []
    for path in load()["paths"]:
        chain, total = ", ".join(map(link, path["chapters"])), duration(minutes(path["chapters"]))
        lines += [f"**{path['reader']}** {path['why'].strip()} Read, in {total}: {chain}.", ""]
    return "\n".join(lines)


def course() -> str:
    """Return the plan of the course as Markdown."""
    known = {label: name for c in reading_time.chapters() for label, name in exercises(c).items()}
    lines = []
    for place, week in enumerate(load()["course"], 1):
        lines += [f"### Week {place}. {week['week']}", ""]
        total = duration(minutes(week["read"]))
        lines += [f"Read {', '.join(map(link, week['read']))}{f' ({total})' * bool(total)}."]
        if week.get("more"):
            lines += [f"For those who want more: {', '.join(map(link, week['more']))}."]
        there = [label for label in week["exercises"] if label in known]
        if there:
            lines += [f"Exercises: {', '.join(f'{{ref}}`{known[label]} <{label}>`' for label in there)}."]
        lines.append("")
    return "\n".join(lines)


def times() -> str:
    """Return the reading time of every chapter, part by part, as Markdown."""
    lines = [
        "| Part | Chapter | Minutes | Words | Symbols | Lines of code | Figures |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for chapter in reading_time.chapters():
        found = reading_time.measure(chapter)
        part = PARTS[chapter.split("/")[0]]
        code, figures = found.code + found.drawing, found.figures + found.sliders
        numbers = f"{found.minutes} | {found.words} | {found.symbols} | {code} | {figures}"
        lines.append(f"| {part} | {link(chapter)} | {numbers} |")
    total = duration(minutes(reading_time.chapters()))
    return "\n".join([*lines, "", f"All chapters together take {total}.", ""])
