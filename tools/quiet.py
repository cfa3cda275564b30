"""Storing is quiet: what is stored stays wherever a run agrees with it as closely as the checks ask.

Last digits differ between processors. A number in a figure's data stays within the tolerance with which
it is compared, a ledger's value by the ledger's rule, text where it is the same. A picture stays where the
source of its cell is the same, its data stay, and it is drawn the same to a thousandth of a point.
"""

import base64
import csv
import io
import itertools
import json
import operator
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from tools.compare_records import same_value
from v2g_nb.figures.data import differing, read_csv

POINT = 1e-3  # how far a line of a picture may lie from where it was
FIGURE = re.compile(r"<(?:interactive )?figure (fig-[a-z0-9-]+)")
TAG = re.compile(r"<[^!>][^>]*>")  # comments hold the words that are drawn
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
HASH = re.compile(r"\b[A-Za-z]+[0-9a-f]{10}\b")  # matplotlib names what it reuses by a digest of coordinates
STREAM = re.compile(r'(?<=<script type="text/plain">)[^<]*')  # the frames of an interactive figure
IMAGE = re.compile(r"(?<=data:image/svg\+xml;base64,)[\w+/=]*")


def kept_table(new: str, old: str) -> str:
    """Return a figure's new table with the text of every old entry that the comparison takes for the same."""
    rows, was = (list(csv.reader(io.StringIO(text))) for text in (new, old))
    ours, stored = read_csv(new), read_csv(old)
    allowed = differing.__kwdefaults__
    for place, key in enumerate(rows[0]):
        if key not in stored or {ours[key].dtype.kind, stored[key].dtype.kind} != {"f"}:
            continue
        # measured by the new largest entry, and a little stricter: what is kept then passes the comparison
        scale = 0.999 * float(np.max(np.abs(ours[key]), where=np.isfinite(ours[key]), initial=0.0))
        there = was[0].index(key)
        for row, row_then, a, b in zip(rows[1:], was[1:], ours[key], stored[key], strict=False):
            if np.isclose(a, b, rtol=allowed["rtol"], atol=allowed["atol"] * scale):
                row[place] = row_then[there]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def kept_values(new: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ledger's new values, with every old one that the comparison takes for the same."""
    return {
        item: old[item] if item in old and same_value(item, value, old[item]) else value for item, value in new.items()
    }


def same_picture(new: str, old: str) -> bool:
    """Return whether two SVG texts draw the same words and, to a thousandth of a point, the same lines."""
    texts = []
    for svg in (new, old):
        names: dict[str, str] = {}
        texts.append(HASH.sub(lambda m, names=names: names.setdefault(m[0], f"name{len(names)}"), svg))
    bare = [TAG.sub(lambda tag: NUMBER.sub("\0", tag[0]), text) for text in texts]
    if bare[0] != bare[1]:
        return False
    numbers = [[float(n) for tag in TAG.findall(text) for n in NUMBER.findall(tag)] for text in texts]
    return bool(np.allclose(*numbers, rtol=0.0, atol=POINT))


def unpacked(page: str) -> tuple[str, list[Any], list[str]]:
    """Return a page's text without what is packed in it, the words packed with frames, and all pictures."""
    svgs, words = [base64.b64decode(image).decode("utf-8") for image in IMAGE.findall(page)], []
    for stream in STREAM.findall(page):
        words.append(json.loads(zlib.decompress(base64.b64decode(stream))))
        svgs += words[-1].pop("svg")
    return IMAGE.sub("", STREAM.sub("", page)), words, svgs


def same_page(new: str, old: str) -> bool:
    """Return whether two HTML texts are the same, but for pictures packed in them that draw the same."""
    (text, words, svgs), (text_then, words_then, svgs_then) = map(unpacked, (new, old))
    alike = (text, words, len(svgs)) == (text_then, words_then, len(svgs_then))
    return alike and all(map(same_picture, svgs, svgs_then))


def same_output(new: Mapping[str, Any], old: Mapping[str, Any], quiet: set[str]) -> bool:
    """Return whether an output draws again what is stored, from data that stay."""
    ours, stored = new.get("data", {}), old.get("data", {})
    figure = FIGURE.match(ours.get("text/plain", ""))
    if figure is None or figure[1] not in quiet or ours.keys() != stored.keys():
        return False
    same = {"image/svg+xml": same_picture, "text/html": same_page}
    return all(same.get(kind, operator.eq)(ours[kind], stored[kind]) for kind in ours)


def settle(ran: Path, tables: Path, notebook: Path) -> None:
    """Put what is stored in place of what a run gave, in its notebook and its figures' data, wherever both agree."""
    if not notebook.exists():
        return
    quiet = set()
    for table in tables.glob("*.csv"):
        kept = notebook.with_name(f"{notebook.stem}-data") / table.name
        if kept.exists():
            stored = kept.read_text(encoding="utf-8")
            table.write_text(kept_table(table.read_text(encoding="utf-8"), stored), encoding="utf-8")
            quiet |= {table.stem} if table.read_text(encoding="utf-8") == stored else set()
    new, old = (nbformat.read(path, as_version=4) for path in (ran, notebook))
    were: dict[str, list[Any]] = {}
    for cell in old.cells:
        if cell.cell_type == "code":
            were.setdefault(cell.source, []).append(cell.outputs)
    for cell in new.cells:
        if cell.cell_type == "code" and were.get(cell.source):
            outputs = itertools.zip_longest(cell.outputs, were[cell.source].pop(0))
            cell.outputs = [b if a and b and same_output(a, b, quiet) else a for a, b in outputs if a]
    nbformat.write(new, ran)
