"""Signed pushes to a hospital's own system, by the Standard Webhooks scheme (standardwebhooks.com, version 1).

Headers: `webhook-id` (the same at every repetition), `webhook-timestamp` (seconds), `webhook-signature`: for each valid
secret `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, separated by spaces. A secret is `whsec_` and the
base64 of 32 bytes; it is derived from the endpoint's salt and the server's key and stands nowhere.
"""

import hmac
import json
import time
from base64 import b64encode
from datetime import datetime
from typing import Any

from django.conf import settings

from consortium import ids, moment
from consortium.channels import wire
from consortium.models import Delivery, WebhookEndpoint

PREFIX = "whsec_"


def secret(salt: bytes) -> str:
    """The secret of a salt, as the receiver is shown it once."""
    return PREFIX + b64encode(_key(salt)).decode()


def signature(delivery_id: object, timestamp: int, body: bytes, keys: list[bytes]) -> str:
    """The value of `webhook-signature`: one signature for each key."""
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in keys)


def keys(endpoint: WebhookEndpoint, now: datetime) -> list[bytes]:
    """The keys that sign at a moment: the current one, and the former one while the change-over lasts."""
    salts = [endpoint.salt]
    if endpoint.previous_salt and endpoint.previous_until and now < endpoint.previous_until:
        salts.append(endpoint.previous_salt)
    return [_key(bytes(salt)) for salt in salts]


def body(delivery: Delivery) -> bytes:
    """What the receiver is told: that a step was taken on which case, to be asked for through the API; no free text."""
    event = delivery.event
    told: dict[str, Any] = {
        "type": event.kind,
        "timestamp": event.recorded_at.isoformat(),
        "data": {
            "subjectId": ids.encode(ids.kind_of(event.subject_kind), event.subject_id),
            "subjectKind": event.subject_kind,
            "version": event.version,
            "fromStatus": event.from_status,
            "toStatus": event.to_status,
            "eventAt": event.event_at.isoformat(),
            "text": delivery.text,
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def send(delivery: Delivery) -> None:
    """Push a delivery to its system, signed at this moment; Undelivered if it was not taken."""
    endpoint = delivery.endpoint
    if endpoint is None:
        raise ValueError("a webhook's delivery needs its endpoint")
    content, timestamp = body(delivery), int(time.time())
    wire.post(
        endpoint.url,
        content,
        {
            "webhook-id": str(delivery.pk),
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(delivery.pk, timestamp, content, keys(endpoint, moment.now())),
        },
    )


def _key(salt: bytes) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), b"refnet webhook " + salt, "sha256")
