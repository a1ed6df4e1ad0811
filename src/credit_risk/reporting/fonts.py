"""Chart labels in the reader's script: a font of this machine that has it, or English labels, never empty boxes.

The HTML report needs no font: its charts keep text as text, and the reader's browser shows it.
"""

from __future__ import annotations

import warnings
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

P = ParamSpec("P")

#: A font that has these has what labels need.
_PROBE = "额度评分违约"
#: Parts of file names of fonts made for Chinese, the preferred first; any other font that has the characters comes after.
_PREFERRED = ("notosanscjk", "sourcehansans", "notosanssc", "pingfang", "msyh", "wqy", "heiti", "simhei")


def readable(plot: Callable[Concatenate[Axes, P], Axes]) -> Callable[Concatenate[Axes, P], Axes]:
    """Make a plot's labels readable in the language it is asked for.

    Where a font with the script is found, it becomes the one that is asked for characters the usual font lacks (also by a legend
    drawn later). Where none is found, labels are English, and a warning says so once.
    """

    @wraps(plot)
    def drawn(ax: Axes, *args: P.args, **settings: P.kwargs) -> Axes:
        if settings.get("language", "en") == "en" or mpl.rcParams["svg.fonttype"] == "none":
            return plot(ax, *args, **settings)
        family = chinese_font()
        if family is None:
            _say_once()
            settings["language"] = "en"
            return plot(ax, *args, **settings)
        families = [name for name in mpl.rcParams["font.family"] if name != family]
        mpl.rcParams["font.family"] = [*families, family]
        plot(ax, *args, **settings)
        for label in ax.figure.findobj(Text):
            label.set_fontfamily(mpl.rcParams["font.family"])
        return ax

    return cast("Callable[Concatenate[Axes, P], Axes]", drawn)


@cache
def chinese_font() -> str | None:
    """Return the name of a font of this machine that has Chinese characters, or None."""
    for path in sorted(font_manager.findSystemFonts(), key=_rank):
        if _has_characters(path):
            if path not in {entry.fname for entry in font_manager.fontManager.ttflist}:
                font_manager.fontManager.addfont(path)  # installed since matplotlib last looked
            return str(font_manager.FontProperties(fname=path).get_name())
    return None


def _rank(path: str) -> tuple[int, bool, str]:
    name = Path(path).name.lower().replace("-", "")
    place = next((at for at, part in enumerate(_PREFERRED) if part in name), len(_PREFERRED))
    return place, "regular" not in name, path


def _has_characters(path: str) -> bool:
    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):
        return False
    return all(font.get_char_index(ord(character)) for character in _PROBE)


@cache
def _say_once() -> None:
    warnings.warn(
        "No font of this machine has Chinese characters, so chart labels are English. Hint: install one, such as Noto Sans CJK.",
        UserWarning,
        stacklevel=3,
    )
