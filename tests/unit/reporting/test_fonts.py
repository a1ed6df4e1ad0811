"""Labels of charts are never boxes: a font that has them, or English."""

from __future__ import annotations

import warnings

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from credit_risk.reporting import charts, fonts


@pytest.fixture(autouse=True)
def _own_settings():
    with mpl.rc_context():
        yield


def _drawn(language):
    figure = Figure()
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    score = np.arange(40.0)
    assert charts.plot_score_distribution(ax, score, score < 20, language=language) is ax
    return figure, ax


@pytest.mark.skipif(fonts.chinese_font() is None, reason="no font here has Chinese characters")
def test_chinese_labels_are_drawn_in_a_font_that_has_them():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of a glyph that no font has
        figure, ax = _drawn("zh-CN")
        ax.legend()
        figure.canvas.draw()
    assert any("\u4e00" <= character <= "\u9fff" for character in ax.get_xlabel() + ax.get_ylabel())
    assert mpl.rcParams["font.family"][-1] == fonts.chinese_font()


def test_without_such_a_font_labels_are_english_and_it_is_said_once(monkeypatch):
    fonts._say_once.cache_clear()
    monkeypatch.setattr(fonts, "chinese_font", lambda: None)
    with pytest.warns(UserWarning, match="so chart labels are English"):
        _, first = _drawn("zh-CN")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _drawn("zh-CN")
    _, english = _drawn("en")
    assert (first.get_xlabel(), first.get_ylabel()) == (english.get_xlabel(), english.get_ylabel())


def test_fonts_are_found_by_what_they_hold(monkeypatch):
    fonts.chinese_font.cache_clear()
    monkeypatch.setattr(
        fonts.font_manager,
        "findSystemFonts",
        lambda: [mpl.get_data_path() + "/fonts/ttf/DejaVuSans.ttf", "gone.ttf"],
    )
    try:
        assert fonts.chinese_font() is None
    finally:
        fonts.chinese_font.cache_clear()


def test_english_charts_and_charts_whose_text_stays_text_change_no_setting():
    before = list(mpl.rcParams["font.family"])
    _drawn("en")
    mpl.rcParams["svg.fonttype"] = "none"
    _, ax = _drawn("zh-CN")
    assert list(mpl.rcParams["font.family"]) == before
    assert any("\u4e00" <= character <= "\u9fff" for character in ax.get_xlabel() + ax.get_ylabel())
