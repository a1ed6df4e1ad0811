"""What a report shows, kept beside it as JSON, so that it can be written again: in the other language, or later.

Tables and arrays are kept exactly (bytes, in base64). Only records of this library are built again, from their fields; no
code is stored and none is run.
"""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from credit_risk.errors import GovernanceError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_risk.reporting import ReportContent

STORED_CONTENT = "report_content.json"
_KIND = "$kind"


def store_content(path: Path, content: ReportContent) -> None:
    """Write what a report shows."""
    path.write_text(json.dumps(_plain(content), ensure_ascii=False) + "\n", encoding="utf-8")


def render_again(output: Path, *, language: str, to: Path | None = None, overwrite: bool = False) -> Path:
    """Write the report of a finished output again.

    Parameters
    ----------
    output : Path
        Folder that the main job wrote.
    to : Path, optional
        Where; by default ``report.<language>.html`` beside the first one.

    Raises
    ------
    GovernanceError
        The folder holds no stored report, or one of another version (``CR-GOV-040``).
    OutputError
        The file exists (``CR-OUT-010``) or cannot be written (``CR-OUT-011``).
    """
    from credit_risk.reporting import render_report

    target = to or output / f"report.{language}.html"
    if target.exists() and not overwrite:
        raise OutputError(
            f"Output '{target}' exists already. Hint: choose another file, or pass --overwrite.",
            code="CR-OUT-010",
        )
    page = render_report(_stored(output / STORED_CONTENT), language=language)
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"Output '{target}' cannot be written ({error.strerror or type(error).__name__}).",
            code="CR-OUT-011",
        ) from error
    return target


def _stored(path: Path) -> ReportContent:
    from credit_risk.reporting import ReportContent

    try:
        content = _built(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise GovernanceError(
            f"Folder '{path.parent}' holds no '{path.name}'. Expected a folder that 'credit-risk train' or 'demo' wrote.",
            code="CR-GOV-040",
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, ImportError, OSError) as error:
        raise _unusable(path) from error
    if not isinstance(content, ReportContent):
        raise _unusable(path)
    return content


def _unusable(path: Path) -> GovernanceError:
    return GovernanceError(
        f"'{path}' is damaged or was written by another version. Hint: run the job again.", code="CR-GOV-040"
    )


def _plain(value: Any) -> Any:
    """Return plain JSON values that :func:`_built` turns back."""
    if is_dataclass(value) and not isinstance(value, type):
        inner = {item.name: _plain(getattr(value, item.name)) for item in fields(value) if item.init}
        return {
            _KIND: "record",
            "class": f"{type(value).__module__}:{type(value).__qualname__}",
            "fields": inner,
        }
    if isinstance(value, pd.DataFrame):
        columns = [{"name": _plain(name), "values": _series(value[name])} for name in value.columns]
        index = {"name": _plain(value.index.name), "values": _series(value.index.to_series())}
        return {_KIND: "table", "columns": columns, "index": index}
    if isinstance(value, pd.Series):
        return {_KIND: "series", "values": _series(value), "index": _series(value.index.to_series())}
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.generic):
        return _plain(value.item())
    return _plain_container(value)


def _plain_container(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_KIND: "mapping", "items": [[_plain(key), _plain(item)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {_KIND: "tuple", "items": [_plain(item) for item in value]}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return {_KIND: "float", "value": repr(value)}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be stored")


def _series(values: pd.Series) -> dict[str, Any]:
    dtype = str(values.dtype)
    raw = values.to_numpy() if isinstance(values.dtype, np.dtype) else values.to_numpy(dtype=object)
    return {"dtype": dtype, "values": _array(raw)}


def _array(values: np.ndarray) -> dict[str, Any]:
    if values.dtype.kind in "biuf":
        content = base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
        return {_KIND: "array", "dtype": values.dtype.str, "shape": list(values.shape), "base64": content}
    items = [None if _is_missing(item) else _plain(item) for item in values.ravel().tolist()]
    return {_KIND: "array", "dtype": "O", "shape": list(values.shape), "items": items}


def _is_missing(item: Any) -> bool:
    return item is pd.NA or item is pd.NaT


def _built(value: Any) -> Any:
    if isinstance(value, list):
        return [_built(item) for item in value]
    if not isinstance(value, dict):
        return value
    return _BUILDERS[value[_KIND]](value)


def _built_record(value: dict[str, Any]) -> Any:
    module, _, name = value["class"].partition(":")
    if not module.startswith("credit_risk."):
        raise ValueError(module)
    kind = getattr(importlib.import_module(module), name)
    if not is_dataclass(kind) or not isinstance(kind, type):
        raise ValueError(name)
    return kind(**{key: _built(item) for key, item in value["fields"].items()})


def _built_array(value: dict[str, Any]) -> np.ndarray:
    if "base64" in value:
        flat = np.frombuffer(base64.b64decode(value["base64"]), dtype=np.dtype(value["dtype"])).copy()
    else:
        flat = np.empty(len(value["items"]), dtype=object)
        flat[:] = [_built(item) for item in value["items"]]
    return flat.reshape(value["shape"])


def _built_series(value: dict[str, Any]) -> pd.Series:
    return pd.Series(_built(value["values"])).astype(value["dtype"])


def _built_table(value: dict[str, Any]) -> pd.DataFrame:
    index = pd.Index(_built_series(value["index"]["values"]), name=_built(value["index"]["name"]))
    columns = [_built_series(column["values"]).array for column in value["columns"]]
    names = [_built(column["name"]) for column in value["columns"]]
    frame = pd.DataFrame(dict(enumerate(columns)), index=index)
    frame.columns = pd.Index(names)
    return frame


_BUILDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "record": _built_record,
    "array": _built_array,
    "table": _built_table,
    "series": lambda value: pd.Series(
        _built_series(value["values"]).array, index=pd.Index(_built_series(value["index"]))
    ),
    "tuple": lambda value: tuple(_built(item) for item in value["items"]),
    "mapping": lambda value: {_built(key): _built(item) for key, item in value["items"]},
    "float": lambda value: float(value["value"]),
}
