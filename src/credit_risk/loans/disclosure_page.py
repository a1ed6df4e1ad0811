"""The cost table as a person reads it: plain text and a self-contained HTML page, in zh-CN and English.

Downstream of `disclosure`. Read :func:`page_of` (one neutral page, every figure already written out), then
:func:`as_plain_text` and :func:`as_html`, which only lay it out. The annualised rate comes first and is the largest thing
on the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING

from credit_risk.domain.texts import text
from credit_risk.loans.disclosure import missing_parts
from credit_risk.loans.statutory_rates import exact_percent, rounded_percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_risk.domain.money import Currency
    from credit_risk.loans.disclosure import ContingentCost, CostItem, Disclosure
    from credit_risk.loans.terms import ExactRate

_STYLE = """
:root{--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--tint:#f4f6f9}
*{box-sizing:border-box}body{margin:0;background:#eef1f5;color:var(--ink);
font:15px/1.5 "Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",Helvetica,Arial,sans-serif}
main{max-width:860px;margin:24px auto;background:#fff;padding:32px 36px;border:1px solid var(--line);border-radius:8px}
h1{font-size:20px;margin:0}h2{font-size:16px;margin:28px 0 8px}p{margin:4px 0}.soft{color:var(--soft);font-size:13px}
.headline{margin:20px 0 6px;padding:20px 24px;border:2px solid var(--ink);border-radius:8px}
.headline .label{font-size:16px;font-weight:600}.headline .rate{font-size:60px;line-height:1.15;font-weight:700}
dl{display:grid;grid-template-columns:repeat(4,auto);gap:14px 24px;margin:20px 0}dt{color:var(--soft);font-size:13px}
dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:6px 8px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{background:var(--tint);font-weight:600}.n{text-align:right;white-space:nowrap}tr.sum td{font-weight:700}
.statement{margin:18px 0;padding:12px 16px;background:var(--tint);border-left:4px solid var(--ink);font-weight:600}
.draft{margin:0 0 16px;padding:12px 16px;border:2px dashed #a02020;color:#a02020;font-weight:700}
.confirm{margin-top:24px;padding-top:16px;border-top:1px solid var(--line)}
button{font:inherit;padding:8px 20px;border:1px solid var(--ink);border-radius:6px;background:#fff;margin-top:8px}
button:disabled{color:#667080;border-color:var(--line);background:var(--tint)}.line{border-bottom:1px solid var(--ink);height:40px;width:280px}
@media(max-width:600px){main{margin:0;padding:20px 16px;border:0}dl{grid-template-columns:repeat(2,1fr)}
.headline{padding:16px}.headline .rate{font-size:48px}.plan{font-size:10px;letter-spacing:-.2px}.plan th,.plan td{padding:5px 1px}
.plan th:nth-child(2),.plan td:nth-child(2){padding-right:4px}
.plan td:nth-child(2){white-space:nowrap}.stack thead{display:none}.stack tr{display:block;padding:8px 0;border-bottom:1px solid var(--line)}
.stack td{display:flex;justify-content:space-between;gap:16px;border:0;padding:2px 0;text-align:right;white-space:normal}
.stack td::before{content:attr(data-label);color:var(--soft);text-align:left;flex:none}.stack td:empty{display:none}
.stack td:first-child{font-weight:700}.stack td:first-child::before{content:none}}
"""
_SCRIPT = (
    'const b=document.querySelector("button[data-forced-reading-seconds]");'
    "if(b)setTimeout(()=>{b.disabled=false},1000*Number(b.dataset.forcedReadingSeconds));"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A disclosure with every figure written out in the reader's language.

    `draft` is empty for a complete table; else it says, first on the page, that this is no finished disclosure.
    """

    language: str
    draft: str
    title: str
    subtitle: str
    headline_label: str
    headline_rate: str
    other_rate: str
    includes: str
    facts: tuple[tuple[str, str], ...]
    item_title: str
    item_header: tuple[str, ...]
    item_rows: tuple[tuple[str, ...], ...]
    item_note: str
    optional_title: str
    optional_rows: tuple[tuple[str, ...], ...]
    optional_rate: str
    contingent_title: str
    contingent_header: tuple[str, ...]
    contingent_rows: tuple[tuple[str, ...], ...]
    statement: str
    schedule_title: str
    schedule_header: tuple[str, ...]
    schedule_rows: tuple[tuple[str, ...], ...]
    rounding: str
    confirmation: str
    confirm_button: str
    forced_reading_seconds: int
    closing: str


def page_of(disclosure: Disclosure, language: str = "zh-CN") -> Page:
    """Write out a disclosure in one language.

    Parameters
    ----------
    disclosure : Disclosure
        From :func:`~credit_risk.loans.disclosure.disclose`.
    language : {'zh-CN', 'en'}
        The reader's.

    Returns
    -------
    Page
        Text only; nothing left to compute.

    Raises
    ------
    SpecificationError
        Unknown language (``CR-TXT-001``).
    """
    say = _Speaker(language)
    frame, schedule = disclosure.frame, disclosure.schedule
    labels = {
        "effective": say("annual_rate_effective"),
        "nominal": say("annual_rate_nominal", periods=schedule.periods_per_year),
    }
    other = "nominal" if frame.headline == "effective" else "effective"
    is_online = frame.channel == "online"
    missing, extra = missing_parts(disclosure), disclosure.rates_with_optional
    return Page(
        language=language,
        draft=say("draft", n=len(missing)) if missing else "",
        title=say("title"),
        subtitle=say("subtitle"),
        headline_label=labels[frame.headline],
        headline_rate=_percent(disclosure.headline_rate),
        other_rate=f"{labels[other]}: {_percent(getattr(disclosure.rates, other))}",
        includes=say("includes"),
        facts=_facts(disclosure, say),
        item_title=say("items"),
        item_header=tuple(say(k) for k in ("item", "how", "standard", "total", "annualised", "collector")),
        item_rows=_item_rows(disclosure, disclosure.items, language),
        item_note=say("annualised_note") if frame.headline == "effective" else "",
        optional_title=say("optional") if disclosure.optional else "",
        optional_rows=_item_rows(disclosure, disclosure.optional, language) if disclosure.optional else (),
        optional_rate=""
        if extra is None
        else say(
            "with_optional", rate=_percent(getattr(extra, frame.headline)), measure=labels[frame.headline]
        ),
        contingent_title=say("contingent"),
        contingent_header=tuple(say(k) for k in ("item", "standard", "collector")),
        contingent_rows=_contingent_rows(disclosure, language),
        statement=say("nothing_else") if frame.states_nothing_else else "",
        schedule_title=say("schedule"),
        schedule_header=tuple(
            say(k) for k in ("number", "due_on", "instalment", "principal_part", "interest", "fee", "balance")
        ),
        schedule_rows=(*_schedule_rows(disclosure), _schedule_sum(disclosure, say("sum_of_instalments"))),
        rounding=say("rounding"),
        confirmation=say("confirm_online", seconds=frame.forced_reading_seconds)
        if is_online
        else say("confirm_on_site"),
        confirm_button=say("confirm_button") if is_online else "",
        forced_reading_seconds=frame.forced_reading_seconds,
        closing=say("not_offer"),
    )


def as_plain_text(disclosure: Disclosure, language: str = "zh-CN") -> str:
    """Write the cost table as plain text (for messages, terminals and screen readers).

    Parameters, and errors, are those of :func:`page_of`.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.domain.money import Currency
    >>> from credit_risk.loans import DisclosureFrame, LoanTerms, disclose
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    >>> frame = DisclosureFrame(lender_name="Bank", lender_type="bank", contract_on=date(2026, 8, 20),
    ...     currency=Currency.of("CNY"))
    >>> as_plain_text(disclose(terms, frame), "en").splitlines()[4]
    'Annualised all-in cost (compound, internal rate of return): 15.39%'
    """
    page = page_of(disclosure, language)
    lines = [page.draft] if page.draft else []
    lines += [page.title, page.subtitle, "", f"{page.headline_label}: {page.headline_rate}", page.other_rate]
    lines += [page.includes, "", *(f"{label}: {value}" for label, value in page.facts)]
    for title, header, rows in (
        (page.item_title, page.item_header, page.item_rows),
        (page.optional_title, page.item_header, page.optional_rows),
        (page.contingent_title, page.contingent_header, page.contingent_rows),
        (page.schedule_title, page.schedule_header, page.schedule_rows),
    ):
        if not title:
            continue
        lines += ["", title, " | ".join(header), *(" | ".join(row) for row in rows)]
        if title == page.item_title and page.item_note:
            lines.append(page.item_note)
        if title == page.optional_title:
            lines.append(page.optional_rate)
        if title == page.contingent_title:
            lines += ["", page.statement]
    lines += ["", page.rounding, page.confirmation, page.closing]
    return "\n".join(lines) + "\n"


def as_html(disclosure: Disclosure, language: str = "zh-CN") -> str:
    """Write the cost table as one self-contained HTML page: no file, font or address from outside.

    The confirm button opens after the forced reading time; its value is in ``data-forced-reading-seconds``.

    Parameters, and errors, are those of :func:`page_of`.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.domain.money import Currency
    >>> from credit_risk.loans import DisclosureFrame, LoanTerms, disclose
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    >>> frame = DisclosureFrame(lender_name="Bank", lender_type="bank", contract_on=date(2026, 8, 20),
    ...     currency=Currency.of("CNY"))
    >>> "15.39%" in as_html(disclose(terms, frame), "zh-CN")
    True
    """
    page = page_of(disclosure, language)
    facts = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in page.facts)
    parts = [
        f'<!doctype html><html lang="{escape(page.language)}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(page.title)}</title><style>{_STYLE}</style></head><body><main>",
        f'<p class="draft">{escape(page.draft)}</p>' if page.draft else "",
        f'<h1>{escape(page.title)}</h1><p class="soft">{escape(page.subtitle)}</p>',
        f'<section class="headline"><div class="label">{escape(page.headline_label)}</div>',
        f'<div class="rate">{escape(page.headline_rate)}</div><p>{escape(page.other_rate)}</p>',
        f'<p class="soft">{escape(page.includes)}</p></section><dl>{facts}</dl>',
        f"<h2>{escape(page.item_title)}</h2>{_table(page.item_header, page.item_rows, 'stack', range(3, 5))}",
        f'<p class="soft">{escape(page.item_note)}</p>' if page.item_note else "",
        _optional_section(page),
        f"<h2>{escape(page.contingent_title)}</h2>{_table(page.contingent_header, page.contingent_rows, 'stack')}",
        f'<p class="statement">{escape(page.statement)}</p>' if page.statement else "",
        f"<h2>{escape(page.schedule_title)}</h2>",
        _table(page.schedule_header, page.schedule_rows, "plan", range(2, 7)),
        f'<p class="soft">{escape(page.rounding)}</p>{_confirmation(page)}',
        f'<p class="soft">{escape(page.closing)}</p></main><script>{_SCRIPT}</script></body></html>',
    ]
    return "\n".join(part for part in parts if part) + "\n"


class _Speaker:
    """Texts of one section in one language."""

    def __init__(self, language: str, section: str = "disclosure") -> None:
        self.language, self.section = language, section

    def __call__(self, key: str, **values: object) -> str:
        return text(f"loans.{self.section}.{key}", self.language, **values)


def _percent(rate: float) -> str:
    return f"{rounded_percent(rate, 2)}%"


def _agreed(rate: ExactRate) -> str:
    """Write an agreed rate with all its digits."""
    return f"{exact_percent(Fraction(rate))}%"


def _facts(disclosure: Disclosure, say: _Speaker) -> tuple[tuple[str, str], ...]:
    frame, schedule = disclosure.frame, disclosure.schedule
    upfront = disclosure.upfront_minor

    def money(minor: int) -> str:
        return frame.currency.say(minor, say.language)

    return (
        (say("principal"), money(schedule.principal_minor)),
        (say("received"), money(disclosure.received_minor)),
        *(((say("paid_upfront"), money(upfront)),) if upfront else ()),
        (say("total_repayment"), money(disclosure.total_paid_minor)),
        (say("total_cost"), money(schedule.total_cost_minor)),
        (say("n_instalments"), str(schedule.n_instalments)),
        (say("lender"), frame.lender_name),
        (say("contract_on"), frame.contract_on.isoformat()),
    )


def _item_rows(
    disclosure: Disclosure, items: Sequence[CostItem], language: str
) -> tuple[tuple[str, ...], ...]:
    """Return one row per item and their sum; shown rates add up, as each is a difference of rounded running totals."""
    currency = disclosure.frame.currency
    rows = []
    running, shown = 0.0, Decimal(0)
    for item in items:
        running += item.annual_rate
        rate = rounded_percent(running, 2) - shown
        shown += rate
        rows.append(
            (
                text(f"loans.nature.{item.nature}", language),
                text(f"loans.timing.{item.timing}", language, n=disclosure.schedule.n_instalments),
                _item_standard(item, currency, language),
                currency.format(item.total_minor),
                f"{rate}%",
                item.collector,
            )
        )
    total = currency.format(sum(item.total_minor for item in items))
    return (*rows, (text("loans.disclosure.sum", language), "", "", total, f"{shown}%", ""))


def _item_standard(item: CostItem, currency: Currency, language: str) -> str:
    if item.charge_minor is None:
        return text("loans.standard.annual", language, rate=_agreed(item.standard_rate or 0))
    amount = currency.format(item.charge_minor)
    once = "" if item.timing == "per_instalment" else "_once"
    if item.standard_rate is None:
        return text(f"loans.standard.amount{once}", language, amount=amount)
    return text(f"loans.standard.share{once}", language, rate=_agreed(item.standard_rate), amount=amount)


def _contingent_rows(disclosure: Disclosure, language: str) -> tuple[tuple[str, ...], ...]:
    if not disclosure.contingent:
        return ((text("loans.disclosure.nothing_contingent", language), "", ""),)
    return tuple(
        (
            text(f"loans.nature.{cost.nature}", language),
            _contingent_standard(cost, disclosure.frame.currency, language),
            cost.collector,
        )
        for cost in disclosure.contingent
    )


def _contingent_standard(cost: ContingentCost, currency: Currency, language: str) -> str:
    if not cost.has_standard:
        return text("loans.standard.unknown", language)
    if cost.annual_rate is not None:
        key = "penalty" if cost.nature == "penalty" else "early_share"
        return text(f"loans.standard.{key}", language, rate=_agreed(cost.annual_rate))
    if not cost.amount_minor:
        return text("loans.standard.free", language)
    amount = currency.format(cost.amount_minor)
    if cost.principal_rate is not None:
        return text("loans.standard.share", language, rate=_agreed(cost.principal_rate), amount=amount)
    return text("loans.standard.amount", language, amount=amount)


def _schedule_rows(disclosure: Disclosure) -> tuple[tuple[str, ...], ...]:
    schedule, currency = disclosure.schedule, disclosure.frame.currency
    return _day_zero_rows(disclosure) + tuple(
        (
            str(k + 1),
            schedule.due_on[k].isoformat() if schedule.due_on else "",
            *(
                currency.format(amounts[k])
                for amounts in (
                    schedule.instalment_minor,
                    schedule.principal_part_minor,
                    schedule.interest_minor,
                    schedule.fee_minor,
                    schedule.balance_minor,
                )
            ),
        )
        for k in range(schedule.n_instalments)
    )


def _schedule_sum(disclosure: Disclosure, label: str) -> tuple[str, ...]:
    """Return the last row: what is paid in all, day 0 included."""
    schedule, write = disclosure.schedule, disclosure.frame.currency.format
    upfront = disclosure.upfront_minor
    return (
        label,
        "",
        write(sum(schedule.instalment_minor) + upfront),
        write(sum(schedule.principal_part_minor)),
        write(sum(schedule.interest_minor)),
        write(sum(schedule.fee_minor) + upfront),
        "",
    )


def _day_zero_rows(disclosure: Disclosure) -> tuple[tuple[str, ...], ...]:
    """Return instalment 0, what is paid on the day of payout; none if nothing is."""
    if not disclosure.upfront_minor:
        return ()
    schedule, write = disclosure.schedule, disclosure.frame.currency.format
    on = schedule.disbursed_on.isoformat() if schedule.disbursed_on else ""
    upfront = write(disclosure.upfront_minor)
    return (("0", on, upfront, write(0), write(0), upfront, write(schedule.principal_minor)),)


def _optional_section(page: Page) -> str:
    if not page.optional_title:
        return ""
    table = _table(page.item_header, page.optional_rows, "stack", range(3, 5))
    return f"<h2>{escape(page.optional_title)}</h2>{table}<p>{escape(page.optional_rate)}</p>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], kind: str, numeric: range = range(0)) -> str:
    """Lay out a table; `kind` 'stack' becomes a list of cards on a narrow screen, so that no column hides."""
    css = ['class="n"' if i in numeric else "" for i in range(len(header))]
    head = "".join(f"<th {css[i]}>{escape(name)}</th>" for i, name in enumerate(header))
    body = []
    for row in rows:
        cells = (
            f'<td {css[i]} data-label="{escape(header[i])}">{escape(cell)}</td>' for i, cell in enumerate(row)
        )
        is_sum = row is rows[-1] and "" in row[1:3]
        body.append(f"<tr{' class=sum' if is_sum else ''}>{''.join(cells)}</tr>")
    return (
        f'<div class="scroll"><table class="{kind}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _confirmation(page: Page) -> str:
    if page.confirm_button:
        return (
            f'<section class="confirm"><p>{escape(page.confirmation)}</p><button type="button" disabled '
            f'data-forced-reading-seconds="{page.forced_reading_seconds}">{escape(page.confirm_button)}</button></section>'
        )
    return f'<section class="confirm"><p>{escape(page.confirmation)}</p><div class="line"></div></section>'
