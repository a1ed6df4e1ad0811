"""Docstrings name things as Sphinx does (:class:`Name`, :func:`~package.name`); the pages show the bare name."""

from __future__ import annotations

import re

_ROLE = re.compile(r":(?:class|func|meth|mod|attr|data):<code>(~?)([\w.]+)</code>")


def on_page_content(html: str, **_: object) -> str:
    """Replace every role by the name it stands for; ``~`` keeps the last part only."""
    return _ROLE.sub(lambda found: f"<code>{found[2].rpartition('.')[2] if found[1] else found[2]}</code>", html)
