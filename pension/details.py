"""Changed personal details of beneficiaries: they wait for a list, which shows them first, and stay."""

from pension.models import Beneficiary, PaymentLine, PaymentList, SwitchRequest

State = SwitchRequest.State


def take_over(made: PaymentList) -> None:
    """What the list is the first to show is what the office knows from then on."""
    told = made.lines.filter(news__isnull=False).values("beneficiary")
    waiting = SwitchRequest.objects.filter(
        state=State.WAITING, kind=SwitchRequest.Kind.PERSONAL_INFO, effective_month__lte=made.month
    )
    for switch in waiting.filter(beneficiary__in=told).order_by("pk"):
        write(Beneficiary.objects.get(pk=switch.beneficiary_id), switch)
        SwitchRequest.objects.filter(pk=switch.pk).update(state=State.DONE)


def write(who: Beneficiary, switch: SwitchRequest) -> None:
    """Keep what is new; the phone of the roster is remembered, so that repeating it changes nothing back."""
    if switch.phone and switch.phone != who.phone:
        who.phone_before = who.phone if who.phone_before is None else who.phone_before
        who.phone = switch.phone
    who.id_number = switch.id_number or who.id_number
    who.address = switch.address or who.address
    who.save(update_fields=["phone", "phone_before", "id_number", "address"])


def words(line: PaymentLine) -> str:
    """The news of a line, as it stands on the list; in Vietnamese, for the paying point."""
    news = line.news
    if news is None:
        return ""
    said = (("CCCD", news.id_number), ("ĐT", news.phone), ("Địa chỉ", news.address))
    return "; ".join(f"{name} {value}" for name, value in said if value)
