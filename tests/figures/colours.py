"""Colours as eyes and browsers see them: contrast, colour blindness, and the page's dark filter."""

import re

import numpy as np

from tools.paths import BOOK

STYLE = (BOOK / "_static" / "v2g.css").read_text(encoding="utf-8")

# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A physiologically-based model for simulation of
# color vision deficiency", 2009: matrices for severity 1.0, applied to linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def rgb(colour: str) -> np.ndarray:
    """Return a colour such as #0072b2 as three numbers between 0 and 1."""
    digits = colour.removeprefix("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    return np.array([int(digits[k : k + 2], 16) for k in (0, 2, 4)]) / 255


def linear(colour: np.ndarray) -> np.ndarray:
    """Return light intensities: the inverse of sRGB's transfer function."""
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """Return WCAG's contrast ratio."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted(float(weights @ linear(c)) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def as_seen(colour: np.ndarray, blindness: str) -> np.ndarray:
    """Return linear RGB as someone with a colour blindness sees it."""
    return np.clip(BLINDNESS[blindness] @ linear(colour), 0, 1)


def lab(light: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* of linear RGB (D65)."""
    matrix = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    x, y, z = (
        v ** (1 / 3) if v > (6 / 29) ** 3 else v / (3 * (6 / 29) ** 2) + 4 / 29
        for v in (matrix @ light) / np.array([0.95047, 1.0, 1.08883])
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def difference(one: np.ndarray, other: np.ndarray, blindness: str) -> float:
    """Return the distance of two colours in L*a*b*, as seen with a colour blindness."""
    return float(np.linalg.norm(lab(as_seen(one, blindness)) - lab(as_seen(other, blindness))))


def page_colour(theme: str) -> np.ndarray:
    """Return the page's background in the light or dark theme, as the book's style sheet sets it."""
    rule = re.search(rf'data-theme="{theme}"\] \{{\s*--pst-color-background: (#[0-9a-f]+);', STYLE)
    assert rule is not None
    return rgb(rule[1])


def dark_filter() -> tuple[float, float]:
    """Return the amount of inversion and the angle of the filter on figures in the dark theme."""
    rule = re.search(r"--v2g-dark-figure: invert\(([\d.]+)\) hue-rotate\((\d+)deg\);", STYLE)
    assert rule is not None
    return float(rule[1]), float(rule[2])


def in_the_dark(colour: np.ndarray) -> np.ndarray:
    """Return what CSS makes of a colour: Filter Effects Module 1, sections 8.8 (hue-rotate) and 8.9 (invert)."""
    amount, angle = dark_filter()
    inverted = np.clip(amount + colour * (1 - 2 * amount), 0, 1)
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    rotation = (
        np.array([[0.213, 0.715, 0.072]] * 3)
        + c * np.array([[0.787, -0.715, -0.072], [-0.213, 0.285, -0.072], [-0.213, -0.715, 0.928]])
        + s * np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]])
    )
    return np.clip(rotation @ inverted, 0, 1)
