"""The page on speed says what was recorded, and nothing else in the book speaks of times or ratios."""

import json
import re
import subprocess
import sys

import nbformat
import pytest

from benchmarks import campus, record
from tests.campus.instances import scaled_game
from tools import speed_page
from tools.paths import ROOT, notebooks
from v2g_nb.campus import equilibrium

RESULTS = speed_page.load(record.RESULTS)
PAGE = (ROOT / "book" / "back" / "speed.md").read_text(encoding="utf-8")


def case(**more) -> dict:
    def way(kind, seconds, certified=True, **rest) -> dict:
        names = {"name": f"{kind} {seconds}", "kind": kind, "seconds": seconds, "certified": certified}
        return {"set_up": None, "reached": 0.5, "extrapolated": False, "why": "", **names, **rest}

    ways = [
        way("ours", 0.25),
        way("ours", 0.0125),
        way("general", 0.5),
        way("fast", 0.025),
        way("general", 0.001, certified=False),
        way("paper", 3600.0, extrapolated=True),
        way("general", None, why="not here"),
    ]
    base = {"topic": "t", "what": "a problem", "size": "7 cars", "measure": "regret", "tolerance": 0.6}
    return base | {"ways": ways} | more


def test_the_ratio_is_to_the_best_peer_that_reaches_the_tolerance():
    assert speed_page.ratio(case()) == pytest.approx(2.0)
    (row,) = speed_page.headlines({"cases": [case()]}).rows
    assert list(row) == ["a problem, 7 cars", "2 times faster", "12.5 ms", "25 ms", "fast 0.025"]


def test_every_way_is_shown_with_what_has_to_be_said_beside_it():
    (table,) = speed_page.details({"cases": [case()]}, "t")
    assert [row[1] for row in table.rows] == [
        "250 ms",
        "12.5 ms",
        "500 ms",
        "25 ms",
        "1 ms",
        "3,600 s, extrapolated",
        "absent: not here",
    ]
    assert [row[3] for row in table.rows][4] == "5.0e-01, too much"
    assert list(table.columns) == ["method", "time", "kind", "regret: at most 0.6"]
    assert table.caption == "A problem, 7 cars"
    assert speed_page.details({"cases": [case()]}, "other") == []


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (2.04, "2 times faster"),
        (0.5, "2 times slower"),
        (1.004, "the same"),
        (12345, "12,000 times faster"),
        (None, "no peer"),
    ],
)
def test_ratios_are_said_as_they_are(ratio, words):
    assert speed_page.in_words(ratio) == words


def test_no_number_on_the_page_comes_from_elsewhere():
    """The text holds no number; each number of the tables is one of the file, or a ratio of two of them."""
    prose = re.sub(r"`[^`]*`|```.*?```", "", PAGE, flags=re.S)
    assert not re.search(r"\d", prose)
    changed = json.loads(json.dumps(RESULTS))
    for one in changed["cases"]:
        for way in one["ways"]:
            if way["seconds"] is not None:
                way["seconds"] *= 7
    for before, after in zip(RESULTS["cases"], changed["cases"], strict=True):
        topic = before["topic"]
        place = [c for c in RESULTS["cases"] if c["topic"] == topic].index(before)
        old, new = (speed_page.details(r, topic)[place].rows for r in (RESULTS, changed))
        for was, now, way, later in zip(old, new, before["ways"], after["ways"], strict=True):
            assert was[1] == speed_page.time_of(way)
            assert now[1] == speed_page.time_of(later)
            assert (was[1] == now[1]) == (way["seconds"] is None)


def test_every_topic_that_is_recorded_has_its_place_on_the_page():
    shown = re.findall(r"^```\{speed\} (\S+)", PAGE, re.M)
    assert len(shown) == len(set(shown))
    assert set(shown) == {"run", "headlines"} | {case["topic"] for case in RESULTS["cases"]}


def test_the_run_says_when_where_and_with_what():
    rows = dict(speed_page.circumstances(RESULTS).rows)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", rows["date"])
    assert rows["command"] == "python tasks.py benchmarks"
    assert all(
        rows[name].strip()
        for name in ("processor", "versions", "in the peers' environment", "other load when it began")
    )
    assert f"numpy {RESULTS['versions']['numpy']}" in rows["versions"]


def test_every_benchmark_that_compares_is_recorded():
    scripts = [p.stem for p in (ROOT / "benchmarks").glob("[a-z]*.py") if "record.finish()" in p.read_text()]
    named = set()
    for stem in set(scripts) - {"record"}:
        text = (ROOT / "benchmarks" / f"{stem}.py").read_text()
        named |= set(re.findall(r'Record\("(\w+)"\)', text))
    assert named == {case["topic"] for case in RESULTS["cases"]}


def test_the_fleets_times_contain_certificates_only_if_they_say_so(monkeypatch):
    """The page says that they leave them out; what is timed, the names in the record and the page agree."""
    assert "Our times of a fleet's equilibrium leave out its certificates" in PAGE
    cases = [c for c in RESULTS["cases"] if "equilibrium" in c["what"] and "fleet" in c["what"]]
    names = [way["name"] for c in cases for way in c["ways"] if way["kind"] == "ours"]
    assert names
    assert not any("certified" in name for name in names)
    asked = []
    monkeypatch.setattr(equilibrium, "certify_fleet", lambda *args: asked.append(args) or ())
    game, timed = scaled_game(2), record.Case("a fleet", "2 cars")
    campus.ours(timed, game, 2)
    assert len(timed.ways) == 2
    assert campus.per_car(game, runs=1) > 0
    assert not asked
    equilibrium.solve_fleet(game)
    assert len(asked) == 1  # the counter counts


CLAIM = re.compile(
    r"\btimes (?:as fast|faster|slower|quicker)\b|\b\d[\d.,]* ?(?:ms|µs|us|ns|milliseconds?|microseconds?)\b"
    r"|\b(?:faster|slower) than (?:[A-Z]|scipy|pandapower|gurobi)|\bper second\b|\bwithin (?:a|\d+) seconds?\b"
    r"|\bsolves\b[^.]*\bfaster\b"
)


def texts() -> dict[str, str]:
    """Return everything a reader reads, but the page on speed: pages, chapters' text, README and the like."""
    found = {p.name: p.read_text() for p in ROOT.glob("*.md")}
    found |= {p.relative_to(ROOT).as_posix(): p.read_text() for p in (ROOT / "book").rglob("*.md")}
    for path in notebooks():
        cells = nbformat.read(path, as_version=4).cells
        found[path.relative_to(ROOT).as_posix()] = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    for path in (ROOT / "v2g_nb").rglob("*.py"):
        found[path.relative_to(ROOT).as_posix()] = path.read_text()
    found.pop("book/back/speed.md")
    return found


def test_claims_of_speed_stand_on_that_page_only():
    charger = "times as fast"  # a charger's, not a program's
    known = {"book/tools/one-more-car.ipynb": charger, "v2g_nb/queueing/mmc.py": charger}
    found = {(name, m[0]) for name, text in texts().items() for m in CLAIM.finditer(text)}
    assert found <= set(known.items()), found - set(known.items())


@pytest.mark.parametrize(
    "claim",
    ["40 times faster", "in 3.4 ms", "20 000 cars per second", "faster than pandapower", "and solves it faster"],
)
def test_a_claim_elsewhere_would_be_found(claim):
    assert CLAIM.search(f"Our solver is done {claim}, which is much.")


def test_a_record_can_be_made_and_put_together(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("V2G_BENCHMARKS", str(tmp_path))
    monkeypatch.delenv("V2G_PEERS", raising=False)
    monkeypatch.setattr(record, "RESULTS", tmp_path / "made" / "results.json")
    (tmp_path / "made").mkdir()
    (tmp_path / "before.json").write_text(json.dumps(record.machine()))
    made = record.Record("demo")
    problem = made.case("a problem", "1 car", "error", tolerance=1e-3)
    problem.ours("us", 0.1234567, reached=5e-4)
    problem.peer("paper", "them", 2.0, set_up=1.0, reached=2e-3, extrapolated=True)
    problem.missing("fast", "others", "not installed")
    with pytest.raises(ValueError, match="must be one of"):
        problem.peer("slow", "x", 1.0, reached=0.0)
    with pytest.raises(ValueError, match="must be given"):
        problem.peer("fast", "x", 1.0)
    made.finish()
    said = capsys.readouterr().out
    assert "NOT certified, extrapolated" in said
    assert "not installed" in said
    record.put_together(tmp_path)
    results = speed_page.load(record.RESULTS)
    assert [way["certified"] for way in results["cases"][0]["ways"]] == [True, False, None]
    assert results["cases"][0]["ways"][0]["seconds"] == 0.123
    assert results["peers"] == {}


def test_best_is_the_shortest_and_does_not_repeat_what_takes_long():
    calls = []
    seconds, answer = record.best(lambda: calls.append(1) or len(calls), repeats=3, calls=2)
    assert answer == 6
    assert 0 <= seconds < 1
    calls.clear()
    record.best(lambda: calls.append(1), repeats=3, patience=0.0 + 1e-12)
    assert len(calls) == 1


def test_versions_of_the_peers_are_asked_for_in_their_environment(monkeypatch):
    monkeypatch.setenv("V2G_PEERS", sys.executable)
    found = record.peers()
    assert {"numpy", "ciw"} <= found.keys()
    words = [sys.executable, "-c", "import numpy; print(numpy.__version__)"]
    assert found["numpy"] == subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
