"""What another cut-off would do: a chart and a table for everyone, and a slider where the page may run its script."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from credit_risk.domain.texts import text
from credit_risk.evaluation.cut_offs import cut_off_table, swap_table
from credit_risk.reporting import charts
from credit_risk.reporting.blocks import Details, Explorer, Section, Table
from credit_risk.reporting.formatting import amount_short, percent, percent_fine, text_table, whole
from credit_risk.reporting.sections.model import chart, column, paragraph, section

if TYPE_CHECKING:
    import pandas

    from credit_risk.reporting.blocks import Block
    from credit_risk.reporting.content import ReportContent
    from credit_risk.reporting.formatting import Column

N_STEPS = 100
#: Every how many steps the printed table has a row.
_TABLE_STEP = 10


def cut_off_sections(content: ReportContent, language: str) -> tuple[Section, ...]:
    """Return the section on cut-offs."""
    amounts = content.amounts_if_approved
    tables = {
        name: cut_off_table(
            pd,
            content.is_bad,
            n_steps=N_STEPS,
            amounts={str(key): values.to_numpy() for key, values in amounts[name].items()}
            if name in amounts
            else None,
        )
        for name, pd in content.predictions.items()
    }
    lead = paragraph("cut_off", language)
    blocks: list[Block] = [lead]
    if amounts:
        blocks.append(paragraph("cut_off_amounts", language))
    blocks.append(_explorer(content, tables, language))
    for name, table in tables.items():
        summary = text("report.label.cut_off_table", language, model=name)
        blocks.append(Details(summary=summary, items=(_steps_table(content, table, language),)))
    return (section("cut-off", language, *blocks),)


def _explorer(content: ReportContent, tables: dict[str, pandas.DataFrame], language: str) -> Explorer:
    chosen = content.key_figures.approval_rate
    plot = partial(charts.plot_tradeoff, tables=tables, chosen=chosen, language=language)
    figure = chart("tradeoff", plot, language)
    columns = [
        one
        for one in _columns(content, next(iter(tables.values())), language)
        if not one[0].endswith(("_low", "_high"))
    ]
    names = list(tables)
    models = [
        {
            "steps": _steps(tables[name], columns),
            "swaps": _swaps(content, name, language),
            "points": [
                [round(rate, 4), round(bad_rate, 4) if n else 0.0, int(n > 0)]
                for rate, bad_rate, n in tables[name][
                    ["approval_rate", "bad_rate_approved", "n_approved"]
                ].itertuples(index=False)
            ],
        }
        for name in names
    ]
    return Explorer(
        name="cut-off-explorer",
        figure=figure,
        slider=text("report.label.share_approved", language),
        model=text("report.label.model", language),
        hint=text("report.label.explorer_hint", language),
        back=text("report.label.fewer", language),
        forward=text("report.label.more", language),
        models=tuple(names),
        chosen_model=names.index(content.decision_model),
        start=round(N_STEPS * chosen),
        last=N_STEPS,
        labels=tuple(label for _, label, _ in columns),
        data={"frame": asdict(figure.frame) if figure.frame else {}, "models": models},
    )


def _steps(table: pandas.DataFrame, columns: list[Column]) -> list[list[str]]:
    """Return the texts of every step; the bad rate carries its interval."""
    written = []
    for _, row in table.iterrows():
        values = {key: write(row[key]) if write else str(row[key]) for key, _, write in columns}
        if row["n_approved"] > 0:
            low, high = (percent(row[f"bad_rate_approved_{end}"]) for end in ("low", "high"))
            values["bad_rate_approved"] += f" [{low}, {high}]"
        written.append(list(values.values()))
    return written


def _swaps(content: ReportContent, name: str, language: str) -> list[str]:
    """Return one sentence per step: whom the next model would approve instead; empty where there is one model."""
    names = list(content.predictions)
    if len(names) < 2:
        return []
    other = names[(names.index(name) + 1) % len(names)]
    table = swap_table(content.predictions[name], content.predictions[other], content.is_bad, n_steps=N_STEPS)
    return [
        text(
            "report.lead.swap",
            language,
            model=name,
            other=other,
            n_both=whole(row["n_both"]),
            n_only_model=whole(row["n_only_a"]),
            n_only_other=whole(row["n_only_b"]),
            rate_only_model=percent(row["bad_rate_only_a"]),
            rate_only_other=percent(row["bad_rate_only_b"]),
        )
        for _, row in table.iterrows()
    ]


def _columns(content: ReportContent, table: pandas.DataFrame, language: str) -> list[Column]:
    money = partial(amount_short, currency=content.currency)
    columns = [
        column("approval_rate", language, percent),
        column("cut_off_pd", language, percent_fine),
        column("bad_rate_approved", language, percent),
        column("bad_rate_approved_low", language, percent),
        column("bad_rate_approved_high", language, percent),
        column("n_approved", language, whole),
        column("share_of_bads_avoided", language, percent),
        column("n_with_offer", language, whole),
        column("expected_loss_amount", language, money),
        column("expected_profit_amount", language, money),
    ]
    return [one for one in columns if one[0] in table.columns]


def _steps_table(content: ReportContent, table: pandas.DataFrame, language: str) -> Table:
    return text_table(table.iloc[::_TABLE_STEP], _columns(content, table, language), bars=("approval_rate",))
