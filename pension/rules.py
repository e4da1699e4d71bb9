"""Rules of this app that procedures name."""

from datetime import date

from django.utils.translation import gettext as _

from pension import entitlement
from procedures.hooks import Facts, Refusal, rule
from procedures.rates import FigureMissing, figure

HOTLINE = "0258 3827 443"


@rule("pension.lump_sum_entitlement")
def lump_sum_entitlement(facts: Facts) -> Refusal | None:
    """Whether the answers show a right to the lump sum (Luật BHXH 2014 Đ.60; NQ 93/2015/QH13)."""
    check = {"stopped_1_year": _stopped, "retirement_age": _retired}.get(str(facts.answers.get("case", "")))
    if check is None:
        return None
    try:
        return check(facts)
    except FigureMissing as missing:
        return Refusal(
            _(
                "The portal lacks the legal figure “%(name)s” for %(day)s, so it cannot check this. "
                "Your draft is kept; please call %(phone)s."
            )
            % {"name": missing.name, "day": f"{missing.day:%d/%m/%Y}", "phone": HOTLINE}
        )


def _stopped(facts: Facts) -> Refusal | None:
    answers, today = facts.answers, facts.today
    if answers.get("contributing_now") is True:
        return Refusal(
            _(
                "Who contributes now has no right to the lump sum for this reason. You can file a year "
                "after your last contribution."
            ),
            field="contributing_now",
        )
    months = figure("lump_sum.months_without_contribution", today)
    stopped = answers.get("stop_date")
    first_day = entitlement.may_claim_from(date.fromisoformat(stopped), months) if stopped else today
    if first_day > today:
        return Refusal(
            _(
                "%(months)d months must pass after the last contribution. You can file from %(day)s; "
                "this draft is kept for you until then."
            )
            % {"months": months, "day": f"{first_day:%d/%m/%Y}"},
            field="stop_date",
        )
    try:
        limit = int(figure("lump_sum.years_limit", today))
    except FigureMissing:  # nobody has confirmed a limit under the law of that day: the office decides
        return None
    return _too_long(facts, limit)


def _retired(facts: Facts) -> Refusal | None:
    answers = facts.answers
    if answers.get("goes_on_voluntarily") is True:
        return Refusal(
            _(
                "Who goes on contributing voluntarily keeps the time for a pension and does not take "
                "the lump sum."
            ),
            field="goes_on_voluntarily",
        )
    return _too_young(facts) or _too_long(facts, _pension_years(facts))


def _pension_years(facts: Facts) -> int:
    years = int(figure("pension.min_years", facts.today))
    if facts.answers.get("commune_part_time") is True:
        years = min(years, int(figure("pension.min_years_commune_part_time_women", facts.today)))
    return years


def _too_young(facts: Facts) -> Refusal | None:
    born, sex = str(facts.answers.get("date_of_birth", "")), str(facts.answers.get("gender", ""))
    if not born or sex not in {"male", "female"}:
        return None
    # A year alone counts as its first day: the most favourable reading, the office checks the papers.
    birth = date.fromisoformat(born if len(born) == 10 else f"{born}-01-01")
    reached = entitlement.retirement_age(birth, sex, figure("pension.retirement_age", facts.today))  # type: ignore[arg-type]
    if reached is None or reached.on <= facts.today:
        return None
    return Refusal(
        _(
            "Your retirement age is %(years)d years and %(months)d months; you reach it on %(day)s. If "
            "you stopped working a year or more ago, go back and choose that reason instead."
        )
        % {"years": reached.years, "months": reached.months, "day": f"{reached.on:%d/%m/%Y}"},
        field="date_of_birth",
    )


def _too_long(facts: Facts, years: int) -> Refusal | None:
    months = facts.answers.get("total_months")
    if not isinstance(months, int) or months < years * 12:
        return None
    return Refusal(
        _(
            "With %(years)d years or more you have a right to a monthly pension, so the lump sum is not "
            "for you. It is worth far more over the years."
        )
        % {"years": years},
        field="total_months",
    )
