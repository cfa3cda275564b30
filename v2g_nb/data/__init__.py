"""Tables that ship with the book, each with its origin, licence and steps in SOURCES.md.

`load_campus_day` and `load_workplace_sessions` belong to the campus, `load_table` to the city.
"""

from v2g_nb.data.campus import load_campus_day, load_workplace_sessions
from v2g_nb.data.city import load_table

__all__ = ["load_campus_day", "load_table", "load_workplace_sessions"]
