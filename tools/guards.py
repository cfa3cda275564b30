"""What must be true of every notebook and of the code beside it. Each guard returns a list of faults.

nbval passes a notebook whose outputs were stripped and does not look at pictures; these guards do.
All take the project's root, so that the tests can plant a fault in a copy.
"""

import ast
import csv
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tools.cells import Cell, cells, chapter, code_cells, notebooks
from tools.derivations import derivations
from tools.size import lines_by_kind

MAX_LINES = 40  # of one cell
MAX_WIDTH = 78  # characters of a line of code, which is what a page shows
MAX_REPEAT = 12  # lines of code that may stand in two places
# Chapters assert what a test of theirs cannot; a cell whose output nbval ignores is listed here.
IGNORED_OUTPUTS: dict[str, int] = {}
# Whole numbers in prose that name the size of a setting which the package holds; one more is a fault.
STATED: dict[str, set[str]] = {
    "campus/who-gains": {"445", "11", "610", "22"},
    "city/feeder": {"600", "750"},
    "city/one-program": {"130", "150", "200"},
    "city/six-scenarios": {"8040"},
    "grid/mixed-strategies": {"3721"},
    "grid/nine-buses": {"14", "30"},
    "grid/operator": {"2001"},
    "grid/random-prices": {"4001"},
    "grid/two-stations": {"4001"},
    "highway/queues": {"28"},
    "highway/two-hours-on-the-tomei": {"24", "50"},
    "tools/one-more-car": {"59"},
    "tools/waiting-lines": {"90000"},
}


def execution(root: Path) -> list[str]:
    """Cells executed in order 1..n, with outputs where they must have some, and no error."""
    faults = []
    for path in notebooks(root):
        code = code_cells(path)
        counts = [c.get("execution_count") for c in code]
        if counts != list(range(1, len(code) + 1)):
            faults.append(f"{path.name}: cells are stored as executed {counts}, not 1..{len(code)}")
        for cell in code:
            where = f"{path.name} [{cell.get('execution_count')}]"
            if any(o["output_type"] == "error" for o in cell["outputs"]):
                faults.append(f"{where}: stored error")
            if shows_something(cell["source"]) and not cell["outputs"]:
                faults.append(f"{where}: its output is missing")
    return faults


def shows_something(source: str) -> bool:
    """Return whether a cell must leave an output: it prints, or ends in an expression worth showing."""
    lines = ast.parse(re.sub(r"^[%!].*$", "", source, flags=re.M)).body
    if not lines:
        return False
    printed = any(isinstance(n, ast.Expr) and _called(n.value) == "print" for n in lines)
    shown = ("figure", "frames", "certify", "ledger", "Table")
    last = lines[-1]
    return printed or (
        isinstance(last, ast.Expr) and (_called(last.value) in shown or not isinstance(last.value, ast.Call))
    )


def _called(node: ast.AST) -> str:
    """Return the name of the function that a call calls, or nothing."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def outputs(root: Path) -> list[str]:
    """No warning, absolute path, time or unrounded number in a stored output."""
    bad = {
        "an absolute path": re.compile(r"(?<![\w./])/(?:home|root|tmp|usr|opt|work|Users|var)/\w|[A-Z]:\\\\?\w"),
        "a warning": re.compile(r"\b\w*Warning\b"),
        "a number that nobody rounded": re.compile(r"\bnp\.float64\("),
        "a timing": re.compile(r"\b(?:Wall time|CPU times|\d+(?:\.\d+)? ?(?:ns|µs|us|ms) (?:±|per loop))"),
    }
    faults = []
    for path in notebooks(root):
        for cell in code_cells(path):
            where = f"{path.name} [{cell.get('execution_count')}]"
            if any(o.get("name") == "stderr" for o in cell["outputs"]):
                faults.append(f"{where}: output on stderr")
            # packed frames are left out: base64 may spell anything
            text = re.sub(r'<script type="text/plain">.*?</script>|base64,[\w+/=]*', "", _output_text(cell), flags=re.S)
            faults += [f"{where}: {what}" for what, pattern in bad.items() if pattern.search(text)]
    return faults


def _output_text(cell: Cell) -> str:
    parts: list[str] = []
    for output in cell["outputs"]:
        parts += output.get("text", [])
        for mime, data in output.get("data", {}).items():
            if mime != "image/svg+xml":
                parts += data if isinstance(data, list) else [str(data)]
    return "".join(parts)


def lengths(root: Path) -> list[str]:
    """No cell of more than 40 lines."""
    faults = []
    for path in notebooks(root):
        for cell in code_cells(path):
            count = len(cell["source"].splitlines())
            if count > MAX_LINES:
                faults.append(f"{path.name} [{cell.get('execution_count')}]: {count} lines, at most {MAX_LINES}")
    return faults


def line_lengths(root: Path) -> list[str]:
    """No line of code of more than 78 characters."""
    faults = []
    for path in notebooks(root):
        for cell in code_cells(path):
            where = f"{path.name} [{cell.get('execution_count')}]"
            wide = [line for line in cell["source"].splitlines() if len(line) > MAX_WIDTH]
            faults += [f"{where}: {len(w)} characters, at most {MAX_WIDTH}: {w.strip()}" for w in wide]
    return faults


def names(root: Path) -> list[str]:
    """Each chapter calls itself by its path, so that its records land where they belong."""
    faults = []
    for path in notebooks(root):
        wanted = chapter(root, path)
        given = re.findall(r"""\bChapter\(\s*["']([^"']*)["']""", "\n".join(c["source"] for c in code_cells(path)))
        if given != [wanted]:
            faults.append(f"{path.name}: calls itself {given}, must be [{wanted!r}]")
    return faults


def figures(root: Path) -> list[str]:
    """Every picture is a registered figure with alternative text, a caption, and a name of its own."""
    faults, seen = [], {}
    for path in notebooks(root):
        for cell in code_cells(path):
            where = f"{path.name} [{cell.get('execution_count')}]"
            calls = {kind: _literal_names(cell["source"], kind) for kind in ("figure", "frames")}
            image = any(m.startswith("image/") for o in cell["outputs"] for m in o.get("data", {}))
            meta = cell["metadata"].get("mystnb", {})
            if image and not calls["figure"]:
                faults.append(f"{where}: shows a picture that is not registered by chapter.figure")
            if calls["figure"]:
                alt = meta.get("image", {}).get("alt", "")
                if len(alt.split()) < 4:
                    faults.append(f"{where}: alternative text {alt!r} does not say what the figure shows")
                if not meta.get("figure", {}).get("caption"):
                    faults.append(f"{where}: no caption")
                if [meta.get("figure", {}).get("name")] != calls["figure"]:
                    faults.append(f"{where}: registers {calls['figure']}, but its metadata name another figure")
            if calls["frames"] and "interactive" not in cell["metadata"].get("tags", []):
                faults.append(f"{where}: an interactive figure without the tag `interactive`")
            for name in calls["figure"] + calls["frames"]:
                if name in seen:
                    faults.append(f"{where}: {name} is also the name of a figure in {seen[name]}")
                seen[name] = path.name
                if not (path.with_name(path.stem + "-data") / f"{name}.csv").exists():
                    faults.append(f"{where}: the data of {name} is not stored")
    return faults


def _literal_names(source: str, method: str) -> list[str]:
    """Return the figure names in calls such as ``chapter.figure(drawn, "fig-name", ...)``."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
            words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            found += [w for w in words if w.startswith("fig-")]
    return found


def asserted_columns(root: Path) -> list[str]:
    """Every stored column of every figure is asserted by a test."""
    asserted = set()
    for test in (root / "tests").rglob("test_*.py"):
        for function in ast.walk(ast.parse(test.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and _asserts(function):
                asserted |= set(_column_calls(function))
    faults = []
    for path in notebooks(root):
        for stored in sorted(path.with_name(path.stem + "-data").glob("*.csv")):
            header = next(iter(_csv_rows(stored)))
            for name in header:
                if (chapter(root, path), stored.stem, name) not in asserted:
                    faults.append(f"{chapter(root, path)}: no test asserts column {name!r} of {stored.stem}")
    return faults


def _csv_rows(path: Path) -> Iterator[list[str]]:

    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.reader(stream)


def _asserts(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(n, ast.Assert) or (isinstance(n, ast.Call) and _called(n).startswith("assert_"))
        for n in ast.walk(function)
    )


def _column_calls(function: ast.FunctionDef) -> Iterator[tuple[str, ...]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _called(node) == "column":
            words = [a.value for a in node.args if isinstance(a, ast.Constant)]
            yield from ((*words[:2], name) for name in words[2:])


def ignored_outputs(root: Path) -> list[str]:
    """No cell's output is kept from comparison, but for those listed and interactive figures."""
    faults = []
    for path in notebooks(root):
        hidden, name = 0, chapter(root, path)
        for cell in code_cells(path):
            tags = set(cell["metadata"].get("tags", []))
            hidden += bool(tags & {"nbval-ignore-output", "nbval-skip", "raises-exception", "nbval-raises-exception"})
            if "interactive" in tags and not _literal_names(cell["source"], "frames"):
                faults.append(f"{path.name} [{cell.get('execution_count')}]: tagged interactive, but shows no frames")
        if hidden != IGNORED_OUTPUTS.get(name, 0):
            faults.append(f"{name}: {hidden} ignored outputs, {IGNORED_OUTPUTS.get(name, 0)} listed in tools/guards.py")
    return faults


def quoted_numbers(root: Path) -> list[str]:
    """Every number in prose is checked by ``chapter.quote`` or stands in the code, a whole one perhaps in an output."""
    faults = []
    for path in notebooks(root):
        # cell by cell: finding a number's source takes as long as the code around it
        nodes = [(n, c["source"]) for c in code_cells(path) for n in ast.walk(ast.parse(c["source"]))]
        known = {plain(t) for n, code in nodes for t in number_texts(n, code)}
        texts = [n.value for n, _ in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        shown = [plain(t) for text in (*texts, *map(_printed, code_cells(path))) for t in re.findall(r"\d[\d,]*", text)]
        whole = known | set(shown) | STATED.get(chapter(root, path), set())
        for cell in cells(path):
            if cell["cell_type"] == "markdown":
                unknown = [n for n in prose_numbers(cell["source"]) if plain(n) not in known]
                unknown += [n for n in whole_numbers(cell["source"]) if plain(n) not in whole]
                faults += [f"{path.name}: the prose says {n.strip()!r}, which no cell checks" for n in unknown]
    return faults


def _printed(cell: Cell) -> str:
    """Return the text that a cell prints or shows, which nbval compares."""
    parts = [o.get("text") or o.get("data", {}).get("text/plain") or "" for o in cell["outputs"]]
    return "\n".join(p if isinstance(p, str) else "".join(p) for p in parts)


def number_texts(node: ast.AST, code: str) -> Iterator[str]:
    """Yield numbers as written in code, and the texts of chapter.quote."""
    if isinstance(node, ast.Call) and _called(node) == "quote":
        yield from (str(text.value) for text in node.args[1::2] if isinstance(text, ast.Constant))
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield ast.get_source_segment(code, node) or ""
        yield f"{node.value:g}"
        yield f"{100 * node.value:g}%"


def plain(number: str) -> str:
    """Return one spelling of a number: 0.50 and .5 stay different, spaces and commas do not count."""
    text = re.sub(r"[\s,\u202f]", "", number)
    return "0" + text if text.startswith(".") else text


def bare_prose(markdown: str) -> str:
    """Return a text without mathematics, code and directives' heads."""
    formulas = r"\$\$.*?\$\$|(?<!\\)\$(?:\\.|[^$\\])*\$"
    text = re.sub(formulas + r"|^\s*```.*$|^\s*:::.*$|^\s*:\w+:.*$", " ", markdown, flags=re.S | re.M)
    return re.sub(r"```.*?```|`[^`]*`|\{\w[\w:]*\}`[^`]*`|\]\([^)]*\)|<[^>]*>", " ", text, flags=re.S)


def prose_numbers(markdown: str) -> list[str]:
    """Return the decimal numbers and percentages of a text."""
    return re.findall(r"(?<![\w.\-/])-?\d[\d,]*\.\d+(?: ?%)?(?![\w.]*\d)|(?<![\w.])\d+ ?%", bare_prose(markdown))


# a number behind one of these names a thing, as a year and a part of a name such as 123-bus do
NAMES = re.compile(
    r"(?:\b(?:[Ff]ig(?:ure)?s?\.?|[Tt]ables?|[Ss]ections?|[Bb]us(?:es)?|[Nn]odes?|[Ss]tations?|[Ll]ines?|[Bb]ranch(?:es)?"
    r"|OD|[Pp]airs?|[Ee]quations?|IEEE)|\()(?: ?\d+(?:-\d+)*(?:,| and| to| or))* ?$"
)
WHOLE = re.compile(
    r"(?<![\w.,\-/:–\d])(?<!\d )(?:\d{1,3}(?:[ ,]\d{3})+|\d{2,})(?![\w:\-/–]|[.,]\d| ?%| \d{3}\b)(?!,\d)"
)


def whole_numbers(markdown: str) -> list[str]:
    """Return the whole numbers of two and more digits in a text, but for years and numbers that are names."""
    text = bare_prose(markdown)
    found = [m for m in WHOLE.finditer(text) if not NAMES.search(text[max(0, m.start() - 60) : m.start()])]
    return [m[0] for m in found if not re.fullmatch(r"(?:1[89]|20)\d\d", m[0])]


def folded(root: Path) -> list[str]:
    """Every cell that mostly draws is folded: a page shows the figure, and its code on request."""
    faults = []
    for path in notebooks(root):
        for cell in code_cells(path):
            lines = lines_by_kind(cell["source"])
            most = lines["plots"] >= 6 and lines["plots"] > 0.6 * sum(lines.values())
            if most and "hide-input" not in cell["metadata"].get("tags", []):
                faults.append(f"{path.name} [{cell.get('execution_count')}]: mostly draws: add the tag `hide-input`")
    return faults


def repeats(root: Path) -> list[str]:
    """No code of over 12 lines stands twice: between chapters, or within the package."""
    package = [(p, p.read_text(encoding="utf-8")) for p in sorted((root / "v2g_nb").rglob("*.py"))]
    book = [
        (p, "\n".join(c["source"] for c in code_cells(p) if "derivation" not in c["metadata"].get("tags", [])))
        for p in notebooks(root)
    ]
    return [*_repeats(package), *_repeats(book)]


def _repeats(sources: list[tuple[Path, str]]) -> list[str]:
    seen: dict[tuple[str, ...], tuple[Path, int]] = {}
    faults = []
    for path, source in sources:
        lines = _bare_lines(source)
        skip = -1
        for start in range(len(lines) - MAX_REPEAT):
            window = tuple(text for _, text in lines[start : start + MAX_REPEAT + 1])
            number = lines[start][0]
            if window in seen and start > skip:
                other, there = seen[window]
                faults.append(f"{path.name}:{number} repeats {other.name}:{there} for over {MAX_REPEAT} lines")
                skip = start + MAX_REPEAT
            seen.setdefault(window, (path, number))
    return faults


def _bare_lines(source: str) -> list[tuple[int, str]]:
    """Return lines of code without comments, docstrings, imports, blanks and lone brackets."""
    lines: dict[int, list[str]] = defaultdict(list)
    previous = tokenize.NEWLINE
    thin = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        docstring = token.type == tokenize.STRING and previous in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
        if token.type not in thin and not docstring:
            lines[token.start[0]].append(token.string)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            previous = token.type
    joined = [(number, " ".join(words)) for number, words in sorted(lines.items())]
    return [(n, t) for n, t in joined if re.search(r"\w", t) and not re.match(r"(import|from) ", t)]


GUARDS = (
    execution,
    outputs,
    lengths,
    line_lengths,
    names,
    figures,
    asserted_columns,
    ignored_outputs,
    quoted_numbers,
    folded,
    repeats,
    derivations,
)
