"""What every mutation shares: typed input, an idempotency key, one call of the room below, refusals as data."""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import graphene
from graphene.types.mutation import MutationOptions
from graphene.utils.str_converters import to_camel_case

from consortium import access, idempotency
from consortium.errors import Refused
from consortium.models import Row
from schema import ids, reads
from schema.base import GATED, PART, CodeEnum, DateTime, Plain, Rule, listed

KEY = graphene.String(
    required=True,
    description="1 to 64 characters, new for each new intention; the same key and input get the first answer again.",
)
VERSION = graphene.Int(required=True, description="The version of the object that you decided on.")
STEP = {
    "id": graphene.ID(required=True, description="The object to act on."),
    "expected_version": VERSION,
    "event_at": DateTime(description="When it happened, if not now."),
    "backdating_reason": graphene.String(description="Why it is recorded late, catalogue BACKDATING."),
    "backdating_comment": graphene.String(description="Words beside that reason; some reasons need them."),
}


class UserError(Plain):
    """Why something was refused: a stable code, a sentence that names the remedy, the input field it is about."""

    code = CodeEnum(required=True, description="Stable code.")
    message = graphene.String(required=True, description="What is wrong and what to do, in the reader's language.")
    field = graphene.String(description="The input field it is about, camelCase, dotted when nested.")


class Options(MutationOptions):
    """What a mutation declares."""

    rule: Rule = PART
    call_rule: Rule = GATED
    field_rules: Mapping[str, Rule] = {}
    needs: Mapping[str, Any] = {}


class Action(graphene.Mutation):
    """A mutation: one call of the room below, the changed object, and refusals as data.

    A subclass gives `perform(by, now, **input)`, `returns` (the payload's field, its type, its model), the `Input`, and
    for each input that names an object the kinds it may name (`objects`, dotted when nested).
    """

    perform: ClassVar[Callable[..., Row]]
    returns: ClassVar[tuple[str, type, type[Any]]]
    common: ClassVar[Mapping[str, Any]] = {}
    objects: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    gated: ClassVar[bool] = False  # whether the object is a case, which passes the read gate

    class Meta:
        """Not a mutation itself."""

        abstract = True

    @classmethod
    def __init_subclass_with_meta__(cls, rule: Rule = GATED, **options: Any) -> None:
        """Build the input type and the payload from what the class gives."""
        name, kind, _model = cls.returns
        inputs = {key: value for key, value in vars(cls.Input).items() if not key.startswith("_")}
        title = cls.__name__
        given = type(
            f"{title}Input",
            (graphene.InputObjectType,),
            {"__doc__": f"Input of {title[0].lower()}{title[1:]}.", **cls.common, **inputs, "idempotency_key": KEY},
        )
        setattr(cls, name, graphene.Field(kind, description="The object as it is now, empty when refused."))
        cls.errors = listed(UserError, "Why it was refused; empty when done.")
        meta = Options(cls)
        meta.rule, meta.call_rule, meta.field_rules, meta.needs = PART, rule, {}, {}
        super().__init_subclass_with_meta__(
            name=f"{title}Payload",
            description=cls.__doc__,
            arguments={"input": graphene.Argument(given, required=True, description="What to do.")},
            _meta=meta,
            **options,
        )

    class Input:
        """Nothing beside what all share."""

    @classmethod
    def mutate(cls, root: Any, info: Any, input: dict[str, Any]) -> "Action":
        """Do it once under its key; a refusal becomes data and undoes the transaction."""
        request = info.context
        try:
            return cls._once(info, plain(input))
        except Refused as refused:
            request.refused = True
            return cls(errors=[UserError(code=refused.code, message=refused.message, field=wire(refused.field))])

    @classmethod
    def _once(cls, info: Any, given: dict[str, Any]) -> "Action":
        request, by = info.context, info.context.actor
        key = given.pop("idempotency_key")
        mark = idempotency.fingerprint(cls.__name__, given)
        document = idempotency.fingerprint("document", [request.document, info.path.key]).hex()
        before = idempotency.claim(by.person, key, mark)
        if before is None:
            changed = cls.perform(by=by, now=request.now, **cls._decoded(given))
            answer, full = cls._answer(info, changed.pk)
            request.keeping = (key, str(changed.pk), {"document": document, "full": full})
            return answer
        # Through the gate again: what was revoked or narrowed since is not shown again.
        answer, full = cls._answer(info, before.subject_id)
        kept = before.answer
        if kept and kept["data"] and kept["document"] == document and (full or not kept["full"]):
            request.replay = json.loads(kept["data"])
        return answer

    @classmethod
    def _answer(cls, info: Any, pk: object) -> tuple["Action", bool]:
        """The payload with the object as it is now, and whether it is seen in full."""
        name, _kind, model = cls.returns
        rows = access.visible(info.context.actor, model) if cls.gated else model._default_manager.all()
        row = reads.one(rows, pk, info, below=name)
        if row is None:
            raise access.not_found()
        return cls(errors=[], **{name: row}), getattr(row, "full_view", True)

    @classmethod
    def _decoded(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The input with the keys of the objects that its ids name; an empty value is as if it were not given.

        Only where the action takes content as it comes does an empty value mean: to be emptied.
        """
        named = inspect.signature(cls.perform).parameters
        decoded = {name: value for name, value in given.items() if value is not None or name not in named}
        for path, kinds in cls.objects.items():
            outer, _dot, inner = path.rpartition(".")
            holder = decoded.get(outer) if outer else decoded
            if holder and holder.get(inner) is not None:
                field = wire(path) or "id"
                given_ids = holder[inner]
                holder[inner] = (
                    [ids.decode(one, *kinds, field=field) for one in given_ids]
                    if isinstance(given_ids, list)
                    else ids.decode(given_ids, *kinds, field=field)
                )
        return decoded


def plain(value: Any) -> Any:
    """An input as plain Python values: objects as dictionaries, enums as their values."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in dict.items(value)}  # a field may be called `items`
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return getattr(value, "value", value)


def wire(field: str | None) -> str | None:
    """The name of a field as the client wrote it."""
    return ".".join(to_camel_case(part) for part in field.split(".")) if field else None
