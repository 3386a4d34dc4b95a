"""Global ids from the client's side: taken apart again, and refused when they are not ours."""

import base64
import binascii
from uuid import UUID

from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from consortium.ids import encode, kind_of

__all__ = ["decode", "encode", "kind_of"]


def decode(text: str, *kinds: str, field: str = "id") -> str:
    """The key within a global id of one of these kinds; INVALID_INPUT for anything else."""
    try:
        kind, colon, key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
        if not colon or kind not in kinds or encode(kind, key) != text:
            raise ValueError(kind)
        return key if kind == "Division" else str(int(key)) if kind in ("Person", "Account") else str(UUID(key))
    except (ValueError, binascii.Error) as error:
        raise Refused(
            Code.INVALID_INPUT,
            _("编号格式不对：请原样使用接口返回的 {kinds} id。").format(kinds=" / ".join(kinds)),
            field=field,
        ) from error
