"""E-mail, by Django's mail framework."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import override

from consortium.channels.wire import Undelivered
from consortium.models import Delivery


def send(delivery: Delivery) -> None:
    """Hand the text to the mail server; the message id is the delivery's, so that doubles can be told."""
    with override(settings.LANGUAGE_CODE):
        subject = _("转诊协作网通知")
    headers = {"Message-ID": f"<{delivery.pk}@refnet>", "Auto-Submitted": "auto-generated"}
    try:
        taken = EmailMessage(subject, delivery.text, to=[delivery.address], headers=headers).send()
    except TimeoutError as error:
        raise Undelivered("TIMEOUT") from error
    except OSError as error:  # every error of smtplib is one
        raise Undelivered("MAIL_SERVER") from error
    if not taken:
        raise Undelivered("MAIL_SERVER")
