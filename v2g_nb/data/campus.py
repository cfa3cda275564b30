"""The campus tables: one real day of load, sun and price, and real workplace sessions."""

import csv
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from v2g_nb.arguments import Record
from v2g_nb.checks import FloatArray


@dataclass(frozen=True, eq=False)
class CampusDay(Record):
    """96 quarters of an hour: their middle [h], load shape, PV [kW/kWp], price [EUR/kWh].

    The load shape is what a site that uses 1 GWh a year takes in that quarter of an hour [kWh].
    """

    hour_h: FloatArray
    load_shape: FloatArray
    pv_kw_per_kwp: FloatArray
    price_eur_per_kwh: FloatArray


@dataclass(frozen=True, eq=False)
class Sessions(Record):
    """Workplace sessions: date, arrival and departure [h of the day], energy delivered [kWh]."""

    date: tuple[str, ...]
    arrival_h: FloatArray
    departure_h: FloatArray
    energy_kwh: FloatArray


def _columns(name: str) -> dict[str, list[str]]:
    text = (files(__package__) / name).read_text(encoding="utf-8")
    header, *rows = list(csv.reader(text.splitlines()))
    return {key: [row[k] for row in rows] for k, key in enumerate(header)}


def load_campus_day() -> CampusDay:
    """Return the real day: BDEW profile G25, clear sky over Dresden, Dutch day-ahead price of 11 July 2023.

    Returns
    -------
    CampusDay

    Examples
    --------
    >>> day = load_campus_day()
    >>> float(day.price_eur_per_kwh.min())
    0.02132
    """
    table = _columns("campus_day.csv")
    return CampusDay(*(np.array([float(v) for v in column]) for column in table.values()))


def load_workplace_sessions() -> Sessions:
    """Return the real sessions of one workplace in June and July 2019 that begin and end on the same working day.

    Returns
    -------
    Sessions

    Examples
    --------
    >>> sessions = load_workplace_sessions()
    >>> len(sessions.date) == len(sessions.energy_kwh)
    True
    """
    table = _columns("workplace_sessions.csv")
    numbers = [np.array([float(v) for v in table[key]]) for key in ("arrival_h", "departure_h", "energy_kwh")]
    return Sessions(tuple(table["date"]), *numbers)
