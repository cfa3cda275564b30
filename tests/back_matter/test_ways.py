"""The map shows every chapter and player, and paths and course name chapters and exercises that exist."""

import re
from xml.etree import ElementTree

import pytest

from tools import reading_time
from tools.back_matter import players, ways
from tools.back_matter.chapters import title

CHAPTERS = reading_time.chapters()
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(("kind", "width", "columns"), [("wide", 688, 2), ("narrow", 358, 1)])
def test_the_map_links_every_chapter_and_player(kind: str, width: int, columns: int):
    drawn = ElementTree.fromstring(players.svg(kind, width, columns))
    links = [link.get("href") for link in drawn.iter(f"{SVG}a")]
    assert set(links) == {f"{c}.html" for c in CHAPTERS}
    words = [text.text for text in drawn.iter(f"{SVG}text")]
    assert {title(c) for c in CHAPTERS} <= set(words)
    assert all(who in words for row in players.PLAYERS.values() for who, _ in row)
    height = float(drawn.get("viewBox").split()[3])
    for rect in drawn.iter(f"{SVG}rect"):
        x, y, wide, high = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + wide <= width
        assert y + high <= height
        assert high >= 24  # as large as a finger needs


def test_paths_and_course_name_every_chapter_and_nothing_else():
    found = ways.load()
    every = found["paths"] + found["course"]
    named = {c for way in every for key in ("chapters", "read", "more") for c in way.get(key, [])}
    unknown, missing = sorted(named - set(CHAPTERS)), sorted(set(CHAPTERS) - named)
    assert not unknown, f"book/ways.yml: names no chapter: {unknown}"
    assert not missing, f"book/ways.yml: add to a path's `chapters`, or a week's `read` or `more`: {missing}"
    assert len(found["paths"]) >= 4
    assert len(found["course"]) == 7


def test_the_course_names_exercises_that_exist():
    known = {label for c in CHAPTERS for label in ways.exercises(c)}
    for week in ways.load()["course"]:
        assert set(week["exercises"]) <= known
        assert len(week["exercises"]) >= 2


def test_a_week_asks_for_about_an_hour():
    """As the preface says; what is offered beside it, under `more`, does not count."""
    for place, week in enumerate(ways.load()["course"], 1):
        total = ways.minutes(week["read"])
        how = f"book/ways.yml: week {place} reads {total} minutes: move a chapter from `read` to `more`, or back"
        assert 45 <= total <= 75, how


def test_times_are_those_measured():
    rows = re.findall(r"<([a-z]+/[a-z-]+)>` \| (\d+) \|", ways.times())
    assert dict(rows) == {c: str(reading_time.measure(c).minutes) for c in CHAPTERS}
    assert ways.duration(sum(int(minutes) for _, minutes in rows)) in ways.times()


@pytest.mark.parametrize(("total", "text"), [(59, "59 min"), (60, "1 h"), (135, "2 h 15 min")])
def test_durations(total: int, text: str):
    assert ways.duration(total) == text
