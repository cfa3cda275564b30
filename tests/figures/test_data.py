"""The numbers behind a figure survive the way through CSV, and a change of them is seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v2g_nb.errors import InvalidInput
from v2g_nb.figures.data import NOISE, FigureData, differing, read_csv

NUMBERS = st.lists(st.floats(-1e12, 1e12, allow_subnormal=False) | st.just(np.inf), min_size=1, max_size=8)
WORDS = st.lists(st.text("abc ,\"'\néΩ", min_size=1).filter(str.strip), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=4))
def test_numbers_survive_to_ten_digits(columns):
    data = FigureData("fig-x", {f"c{k}": column for k, column in enumerate(columns)})
    back = read_csv(data.to_csv())
    assert list(back) == list(data.columns)
    for key, column in back.items():
        ours = data.columns[key]
        scale = np.max(np.abs(ours), where=np.isfinite(ours), initial=0.0)
        assert np.allclose(column, ours, rtol=1e-9, atol=NOISE * scale)
    assert read_csv(FigureData("fig-x", back).to_csv()).keys() == back.keys()
    assert FigureData("fig-x", back).to_csv() == data.to_csv()


@settings(max_examples=60, deadline=None)
@given(WORDS)
def test_words_survive(words):
    back = read_csv(FigureData("fig-x", {"word": ["word", *words]}).to_csv())["word"]
    assert list(back) == ["word", *words]


@pytest.mark.parametrize("bad", [[["a", "b"]], np.array([], dtype=str), [[1], [1, 2]]])
def test_a_column_of_words_is_one_column(bad):
    with pytest.raises(InvalidInput, match="columns"):
        FigureData("fig-x", {"w": bad})


def test_noise_is_written_as_zero_and_what_is_small_by_itself_is_kept():
    columns = {"loud": [22.0, 4e-13, -np.inf], "soft": [3e-20, 2e-20, 1e-34]}
    assert FigureData("fig-x", columns).to_csv() == "loud,soft\n22,3e-20\n0,2e-20\n-inf,0\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_system(end: str):
    assert read_csv(f"a,b{end}1,x{end}")["a"].tolist() == [1.0]


def test_a_row_of_another_length_is_named():
    with pytest.raises(InvalidInput, match="row 2 has 1 cells, must have 2"):
        read_csv("a,b\n1\n")


def test_columns_of_different_length_and_scalars():
    back = read_csv(FigureData("fig-x", {"long": [1, 2, 3], "short": [4.5], "peak": 7}).to_csv())
    assert {k: v.tolist() for k, v in back.items()} == {"long": [1, 2, 3], "short": [4.5], "peak": [7]}


def test_no_minus_zero_and_no_more_than_ten_digits():
    assert FigureData("fig-x", {"x": [-0.0, 1 / 3]}).to_csv() == "x\n0\n0.3333333333\n"


@pytest.mark.parametrize("columns", [{}, {" ": [1]}])
def test_no_columns_and_columns_without_a_name_are_refused(columns):
    with pytest.raises(InvalidInput):
        FigureData("fig-x", columns)


BASE = {"x": np.array([0.0, 1.0, 1000.0]), "name": np.array(["a", "b"]), "open": np.array([1.0, np.inf])}


def test_rounding_is_no_difference():
    assert differing(BASE, BASE | {"x": BASE["x"] * (1 + 1e-9) + 1e-8}) == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("x", [0.0, 1.0, 1001.0]),
        ("x", [0.0, 1.001, 1000.0]),
        ("x", [0.0, 1.0]),
        ("x", [0.0, np.nan, 1000.0]),
        ("name", ["a", "c"]),
        ("name", [1.0, 2.0]),
        ("open", [1.0, 5.0]),
        ("more", [1.0]),
    ],
)
def test_a_difference_is_named(name, values):
    changed = BASE | {name: np.array(values)}
    assert differing(BASE, changed) == differing(changed, BASE) == [name]
