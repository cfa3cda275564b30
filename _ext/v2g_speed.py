"""The tables of the page on speed: ``{speed} run``, ``{speed} headlines``, and ``{speed} TOPIC``."""

from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from tools import speed_page

RESULTS = "benchmarks/results.json"


class Speed(Directive):
    """Show tables from the recorded results; a topic that is not recorded is an error."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the tables."""
        env = self.state.document.settings.env
        path = Path(env.srcdir) / RESULTS
        env.note_dependency(str(path))
        results, topic = speed_page.load(path), self.arguments[0]
        if topic == "run":
            tables = [speed_page.circumstances(results)]
        elif topic == "headlines":
            tables = [speed_page.headlines(results)]
        else:
            tables = speed_page.details(results, topic)
        if not tables:
            raise self.error(f"{RESULTS} has no cases of the topic {topic!r}")
        return [nodes.raw("", table.to_html(), format="html") for table in tables]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the directive."""
    app.add_directive("speed", Speed)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
