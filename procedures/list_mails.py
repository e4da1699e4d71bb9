"""A closed list is announced to its office: a message with a link, to be opened after signing in."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from portal import outbox
from portal.models import OutboxMessage
from procedures.models import IntakeList


@outbox.handler("intake.deliver", remote=True)
def deliver(message: OutboxMessage) -> None:
    """Send the office the link to its download desk; it names the list and nobody on it."""
    closed = IntakeList.objects.select_related("office").get(pk=message.payload["list"])
    if not closed.office.delivery_email:
        return
    with translation.override("vi"):
        subject = f"Sổ tiếp nhận số {closed.number}/{closed.year} ngày {closed.day:%d/%m/%Y} đã khóa"
        link = settings.SITE_URL + reverse("admin:procedures_intakelist_ready")
        body = render_to_string("emails/intake_list.txt", {"list": closed, "link": link})
    send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [closed.office.delivery_email])
