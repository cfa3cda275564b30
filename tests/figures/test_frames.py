"""Interactive figures: what a page needs to show every frame, to everyone, without a server."""

import base64
import json
import zlib
from html.parser import HTMLParser
from itertools import product

import numpy as np
import pytest
from matplotlib.figure import Figure

from v2g_nb.errors import InvalidInput
from v2g_nb.figures.data import read_csv
from v2g_nb.figures.frames import SCRIPT, frames
from v2g_nb.figures.style import picture

SLOPES, KINDS = [1, 2, 4], ["line", 'arc & "bow"']


def compute(slope, kind):
    x = np.linspace(0, 1, 3)
    return {"x": x, "y_kw": slope * x ** (1 if kind == "line" else 2), "peak_kw": slope}


def draw(columns, slope, kind):
    figure = Figure(figsize=(3, 2))
    figure.subplots().plot(columns["x"], columns["y_kw"])
    return figure


def alt(columns, slope, kind):
    return f"A {kind} that rises to {columns['peak_kw'][0]:g} kW."


def make():
    parameters = {"slope [kW]": SLOPES, "kind": KINDS}
    return frames("fig-two", parameters, compute, draw, alt, start=[2, 1], link="demo-data/fig-two.csv")


@pytest.fixture(scope="module")
def made():
    return make()


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_data(self, data):
        if self.texts:
            self.texts[-1] += data

    def all(self, tag):
        return [(a, t) for (name, a), t in zip(self.found, self.texts, strict=True) if name == tag]


@pytest.fixture(scope="module")
def page(made):
    return Elements(made.html)


@pytest.fixture(scope="module")
def payload(page):
    (packed,) = [text for attrs, text in page.all("script") if attrs.get("type") == "text/plain"]
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def test_every_slider_is_labelled_and_says_its_value(page):
    inputs, labels, outputs = page.all("input"), page.all("label"), page.all("output")
    assert [attrs["for"] for attrs, _ in labels] == [attrs["id"] for attrs, _ in inputs]
    assert [attrs["for"] for attrs, _ in outputs] == [attrs["id"] for attrs, _ in inputs]
    assert [text.strip() for _, text in labels] == ["slope [kW]", "kind"]
    assert [attrs["aria-valuetext"] for attrs, _ in inputs] == ["4", KINDS[1]]
    assert [text.strip() for _, text in outputs] == ["4", KINDS[1]]
    assert [a["min"] + a["max"] + a["step"] + a["value"] for a, _ in inputs] == ["0212", "0111"]
    # of no use until the script is there to listen
    assert all("disabled" in attrs for attrs, _ in inputs)


def test_the_group_has_a_name_and_the_data_a_link(page):
    attrs, _ = page.all("div")[0]
    assert (attrs["id"], attrs["role"]) == ("fig-two", "group")
    assert attrs["aria-label"] == "Interactive figure: slope [kW], kind"
    (link,) = page.all("a")
    assert link[0]["href"] == "demo-data/fig-two.csv"
    assert "download" in link[0]


def test_ids_are_unique(page):
    ids = [attrs["id"] for _, attrs in page.found if "id" in attrs]
    assert len(ids) == len(set(ids)) == 3


def test_the_payload_holds_every_frame_in_the_order_the_script_counts(payload):
    assert payload["labels"] == [["1", "2", "4"], KINDS]
    for place, (slope, kind) in enumerate(product(SLOPES, KINDS)):
        columns = {key: np.atleast_1d(value) for key, value in compute(slope, kind).items()}
        assert payload["svg"][place] == picture(draw(columns, slope, kind)).svg
        assert payload["alts"][place] == alt(columns, slope, kind)
    assert len(payload["svg"]) == len(payload["alts"]) == len(set(payload["svg"])) == place + 1


def test_without_scripts_the_frame_at_the_start_stands(page, payload):
    ((attrs, _),) = page.all("img")
    kind, data = attrs["src"].split(",", 1)
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode() == payload["svg"][5]
    assert attrs["alt"] == payload["alts"][5] == f"A {KINDS[1]} that rises to 4 kW."


def test_one_script_for_all_figures_and_no_handler_in_the_html(made, page):
    other = frames("fig-one", {"slope": [1, 2]}, lambda s: {"x": [s]}, lambda c, s: Figure(), lambda c, s: "x")
    assert made.html.count(f"<script>{SCRIPT}</script>") == other.html.count(f"<script>{SCRIPT}</script>") == 1
    assert not any(key.startswith("on") for _, attrs in page.found for key in attrs)
    assert "href" not in other.html


def test_the_data_of_all_frames_are_registered(made):
    columns = read_csv(made.data.to_csv())
    assert list(columns) == ["slope [kW]", "kind", "x", "y_kw", "peak_kw"]
    assert len(columns["x"]) == 3 * len(SLOPES) * len(KINDS)
    chosen = (columns["slope [kW]"] == 4) & (columns["kind"] == "line")
    assert columns["y_kw"][chosen].tolist() == [0, 2, 4]


def test_the_text_form_is_the_same_on_every_run(made):
    bundle = made._repr_mimebundle_()
    assert bundle["text/plain"] == "<interactive figure fig-two: 3 of slope [kW] x 2 of kind>"
    assert make().html == bundle["text/html"]


def test_a_running_kernel_draws_the_same_pictures(made, payload):
    live = made.live()
    slope, kind = live.children[:2]
    assert (slope.value, kind.value) == (4, KINDS[1])
    assert (slope.description, kind.description) == ("slope [kW]", "kind")
    for place, (one, other) in enumerate(product(SLOPES, KINDS)):
        slope.value, kind.value = one, other
        assert live.result.svg == payload["svg"][place]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"alt": lambda columns, slope: " "}, "alt"),
        ({"compute": lambda slope: {"x": [1, 2]} if slope > 1 else {"z": [1, 2]}}, "same columns"),
    ],
)
def test_what_makes_no_figure_is_refused(changed, words):
    good = {"compute": lambda slope: {"x": [0, slope]}, "draw": lambda c, s: Figure(), "alt": lambda c, s: "a line"}
    with pytest.raises(InvalidInput, match=words):
        frames("fig-bad", {"slope": [1, 2, 3]}, **(good | changed))


def test_the_words_of_a_frame_are_formed_from_its_values():
    made = frames(
        "fig-x",
        {"cars [n]": [2, 3], "price": ["low", "high"]},
        lambda cars, price: {"wait_min": [0.0, cars / 4], "mean_min": cars},
        lambda columns, cars, price: Figure(),
        "{cars} cars at the {price} price: {mean_min:.1f}, at most {wait_min.max:.2f}, last {wait_min.last} minutes.",
        start=[1, 0],
    )
    assert 'alt="3 cars at the low price: 3.0, at most 0.75, last 0.75 minutes."' in made.html
