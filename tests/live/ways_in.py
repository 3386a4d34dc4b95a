"""How a reader of streams shows who they are: by a token that works, or by the session of a signed-in browser."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from consortium import access, tokens
from consortium.models import Person


def token(person: Person, scopes: tuple[str, ...] = ("read",)) -> str:
    """A token that works."""
    by = access.actor(person, now=timezone.now())
    _row, secret = tokens.issue_api_token(
        by=by, name="测试", scopes=scopes, expires_in_days=1, now=timezone.now() - timedelta(seconds=1)
    )
    return secret


def bearer(person: Person) -> dict[str, str]:
    """The headers of a system with a token of this person."""
    return {"Authorization": f"Bearer {token(person)}"}


def session(person: Person) -> dict[str, str]:
    """The headers of a signed-in browser on its own page."""
    client = Client()
    client.force_login(person)
    key = client.cookies["sessionid"].value
    forgery = "a" * 32
    return {"Cookie": f"sessionid={key}; csrftoken={forgery}", "X-CSRFToken": forgery}
