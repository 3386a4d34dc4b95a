"""Short messages (SMS) and WeCom through the operator's gateway: one JSON object over HTTP for each message.

The adapter fits any gateway, or a few lines before one, that takes `{"id", "channel", "to", "text"}` with a bearer
token and answers 2xx once it has taken the message; `Idempotency-Key` and `id` are the same at every repetition.
"""

import json

from django.conf import settings

from consortium.channels import wire
from consortium.models import Delivery


def send(delivery: Delivery) -> None:
    """Hand the text to the gateway of the channel; Undelivered if it was not taken, for good if there is none."""
    found = settings.GATEWAYS.get(delivery.channel)
    if found is None:
        raise wire.Undelivered("NO_GATEWAY", final=True)
    message = {
        "id": str(delivery.pk),
        "channel": delivery.channel,
        "to": delivery.address,
        "text": delivery.text,
    }
    headers = {"Idempotency-Key": str(delivery.pk)}
    if found["token"]:
        headers["Authorization"] = f"Bearer {found['token']}"
    wire.post(found["url"], json.dumps(message, ensure_ascii=False).encode(), headers)
