"""The ways out of the house: each sends one delivery or says why not, within the time for one attempt."""

from collections.abc import Callable

from django.conf import settings

from consortium.channels import gateway, mail, webhook
from consortium.channels.wire import Undelivered
from consortium.models import Channel, Delivery

__all__ = ["Undelivered", "is_open", "send"]

SENDERS: dict[str, Callable[[Delivery], None]] = {
    Channel.EMAIL: mail.send,
    Channel.SMS: gateway.send,
    Channel.WECOM: gateway.send,
    Channel.WEBHOOK: webhook.send,
}


def send(delivery: Delivery) -> None:
    """Hand one delivery to its receiver; Undelivered if it was not taken."""
    SENDERS[delivery.channel](delivery)


def is_open(channel: str) -> bool:
    """Whether the operator has set the channel up."""
    return channel == Channel.WEBHOOK or bool(
        settings.EMAIL_HOST if channel == Channel.EMAIL else settings.GATEWAYS.get(channel)
    )
