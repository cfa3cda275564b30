"""The ledger: what each paper says, what we get, and how the two compare.

The items stand in ``items/<paper>.yml``, one file a paper, together one list. Our values are
written by the chapters' runs and merged into ``values/<part>.json``, by the part of the chapter that computes
them. The status is computed from the two, never typed in.
"""

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from v2g_nb import checks
from v2g_nb.errors import InvalidInput

PAPERS = ("highway", "campus", "grid", "city")

STATUSES = (
    "reproduced",
    "reproduced on our data",
    "differs",
    "refuted",
    "calibrated",
    "not identifiable from the text",
    "not reported",
    "not yet treated",
)

Value = float | bool | str


@dataclass(frozen=True)
class Item:
    """One line of the ledger.

    Parameters
    ----------
    id : str
        Paper and short name, such as ``highway.eq-9``.
    what : str
        The equation, claim, table or figure, in words.
    chapter : str or None
        Where in the book it is treated, such as ``tools/waiting-lines``; None while it is not.
    reported : float, bool, str or None
        What the paper says: a number, whether it claims something (true), or a short text; for an
        equation, the largest residual that it allows (0). None where the paper gives no value.
    unit : str
        Unit of `reported`.
    tolerance : float
        How far our number may be from `reported` and still count as reproduced.
    test : str or None
        The test that fails when our value is wrong, as ``tests/file.py::name``.
    note : str
        What a reader should know.
    own_data : bool
        Whether the paper's data are missing, so that ours stand in.
    calibrated : bool
        Whether parameters were tuned towards `reported`; such a value is never a reproduction.
    identifiable : bool
        Whether the text fixes what would have to be computed.
    refutation : str
        The argument why the paper's statement is false, where our value contradicts it.

    Raises
    ------
    InvalidInput
        If a field is of the wrong type, blank or out of range, or `id` is not a paper, a dot and a name.

    Examples
    --------
    >>> item = Item("highway.table-2", "profit, Stackelberg", "highway/two-hours", 193.6, tolerance=5.0)
    >>> status(item, 190.0)
    'reproduced'
    """

    id: str
    what: str
    chapter: str | None = None
    reported: Value | None = None
    unit: str = ""
    tolerance: float = 0.0
    test: str | None = None
    note: str = ""
    own_data: bool = False
    calibrated: bool = False
    identifiable: bool = True
    refutation: str = ""

    def __post_init__(self) -> None:
        """Check the fields once."""
        checks.text("id", self.id)
        paper, _, name = self.id.partition(".")
        if paper not in PAPERS or not name:
            raise checks.invalid("id", self.id, f"one of {', '.join(PAPERS)}, a dot and a name")
        checks.text("what", self.what)
        for name in ("chapter", "test"):
            if getattr(self, name) is not None:
                checks.text(name, getattr(self, name))
        for name in ("unit", "note", "refutation"):
            if not isinstance(getattr(self, name), str):
                raise checks.invalid(name, getattr(self, name), "a string")
        for name in ("own_data", "calibrated", "identifiable"):
            checks.flag(name, getattr(self, name))
        if self.reported is not None and not isinstance(self.reported, (bool, str)):
            checks.real("reported", self.reported)
        checks.real("tolerance", self.tolerance, low=0.0)

    @property
    def paper(self) -> str:
        """The paper that the item is from."""
        return self.id.split(".")[0]


def agrees(item: Item, value: Value) -> bool:
    """Return whether `value` is what the paper reports, within the item's tolerance."""
    reported = item.reported
    if isinstance(reported, (bool, str)) or isinstance(value, (bool, str)):
        return type(reported) is type(value) and reported == value
    return reported is not None and math.isfinite(value) and abs(value - reported) <= item.tolerance


def status(item: Item, value: Value | None) -> str:
    """Return how our `value` compares with what the paper reports.

    Parameters
    ----------
    item : Item
        The line of the ledger.
    value : float, bool, str or None
        What the chapter's run computed; None if it has not run.

    Returns
    -------
    str
        One of :data:`STATUSES`.

    Raises
    ------
    InvalidInput
        If `item` is no Item, or `value` is NaN or of another type.

    Examples
    --------
    >>> claim = Item("highway.claim", "iterations grow exponentially", "tools/stable-matching", True,
    ...              refutation="deferred acceptance makes at most n m proposals")
    >>> status(claim, False)
    'refuted'
    """
    checks.instance("item", item, Item)
    if value is not None and not isinstance(value, (bool, str)):
        checks.real("value", value)
    if item.chapter is None or value is None:
        return "not yet treated"
    if not item.identifiable:
        return "not identifiable from the text"
    if item.reported is None:
        return "not reported"
    if item.calibrated:
        return "calibrated"
    if agrees(item, value):
        return "reproduced on our data" if item.own_data else "reproduced"
    return "refuted" if item.refutation else "differs"


@cache
def load_items() -> dict[str, Item]:
    """Return all items by id, in the order of the papers and of their files.

    Returns
    -------
    dict of str to Item

    Raises
    ------
    InvalidInput
        If an id stands twice, or in another paper's file, or a field is unknown or wrong.

    Examples
    --------
    >>> "highway.eq-9" in load_items()
    True
    """
    items: dict[str, Item] = {}
    for paper in PAPERS:
        source = files(__package__) / "items" / f"{paper}.yml"
        rows: list[dict[str, Any]] = yaml.safe_load(source.read_text(encoding="utf-8")) or []
        for row in rows:
            try:
                item = Item(**row)
            except TypeError as error:
                raise InvalidInput(f"{paper}.yml: item = {checks.shown(row)}: {error}") from None
            if item.paper != paper or item.id in items:
                raise InvalidInput(f"{paper}.yml: id = {item.id!r}: must begin with {paper!r} and stand once")
            items[item.id] = item
    return items


def load_values() -> dict[str, Value]:
    """Return our recorded values by item id, as the last `make notebooks` left them.

    Returns
    -------
    dict of str to float, bool or str

    Examples
    --------
    >>> isinstance(load_values(), dict)
    True
    """
    values: dict[str, Value] = {}
    for source in (files(__package__) / "values").iterdir():
        values |= json.loads(source.read_text(encoding="utf-8"))
    return dict(sorted(values.items()))
