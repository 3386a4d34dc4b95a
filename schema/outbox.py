"""How notices leave the house, on the wire: one's own preferences, a hospital's systems, and what did not arrive."""

from typing import Any, ClassVar
from uuid import UUID

import graphene

from consortium import webhooks
from consortium.models import Channel, Delivery, Preference, WebhookEndpoint
from consortium.notices import set_preference
from schema import reads
from schema.action import VERSION, Action, plain
from schema.base import OWN, PART, DateTime, PriorityEnum, Time, Type, declare, listed, permission
from schema.keyset import Order
from schema.people import PersonType
from schema.reads import Through, connection, paged

ChannelEnum = declare(Channel, "Channel")
DeliveryStateEnum = declare(Delivery.State, "DeliveryState")
STEPS = graphene.List(graphene.NonNull(graphene.String), description="Only these steps; all if left out (步骤).")


class PreferenceType(Type):
    """By which channel one wants to hear, of what, and when not (通知偏好)."""

    steps = listed(graphene.String, "Only these steps; all if empty (步骤).")

    class Meta:
        """Only one's own."""

        model, name, rule = Preference, "NotificationPreference", OWN
        fields = ("channel", "address", "active", "least_priority", "quiet_from", "quiet_until", "version")


class WebhookEndpointType(Type):
    """A hospital's own system that is told of every step of its cases (系统推送地址); the secret is shown once."""

    secret = graphene.String(description="`whsec_…`, only in the answer that made it (密钥).")
    steps = listed(graphene.String, "Only these steps; all if empty (步骤).")

    class Meta:
        """Of the hospitals one administers."""

        model, name, rule = WebhookEndpoint, "WebhookEndpoint", PART
        fields = ("hospital", "name", "url", "previous_until", "created_at", "deactivated_at", "version")

    def resolve_secret(self: Any, info: Any) -> str | None:
        """Kept only in the request that made it."""
        return info.context.actor.shown.get(self.pk)


class DeliveryType(Type):
    """One message to one person or system (投递); neither its words nor the case are shown to the administrator."""

    kind = graphene.String(required=True, description="The step it tells of (步骤).")
    person = graphene.Field(PersonType, description="To whom, if to a person (接收人).")

    class Meta:
        """Of the hospitals one administers."""

        model, name, rule = Delivery, "Delivery", PART
        fields = (
            "hospital", "endpoint", "channel", "priority", "state", "attempts", "created_at", "next_at", "sent_at",
            "last_error",
        )  # fmt: skip
        needs: ClassVar = {"kind": Through(joins=("event",)), "person": Through(path="notice__person")}

    def resolve_kind(self: Any, info: Any) -> str:
        """From the event."""
        return self.event.kind

    def resolve_person(self: Any, info: Any) -> Any:
        """From the notice."""
        return self.notice.person if self.notice_id else None


DeliveryConnection = connection(DeliveryType)
NEWEST = Order("CREATED", ("created_at", "id"), descending=True)


class Query:
    """What people and administrators read about deliveries."""

    rules: ClassVar = {
        "preferences": OWN,
        "webhook_endpoints": permission("manage_webhooks"),
        "deliveries": permission("view_deliveries"),
    }

    preferences = listed(PreferenceType, "Your channels and what you want to hear by them (通知偏好).")
    webhook_endpoints = listed(WebhookEndpointType, "The systems of your hospital, for its administrator (系统推送).")
    deliveries = paged(
        DeliveryConnection,
        "What is to leave the house for your hospital, newest first, for its administrator (投递).",
        state=graphene.List(graphene.NonNull(DeliveryStateEnum), description="In these states; DEAD is given up."),
        channel=graphene.List(graphene.NonNull(ChannelEnum), description="By these channels (渠道)."),
    )

    @reads.compiled
    def resolve_preferences(self: Any, info: Any) -> Any:
        """One's own."""
        return reads.every(Preference.objects.filter(person=info.context.actor.person).order_by("channel"), info)

    def resolve_webhook_endpoints(self: Any, info: Any) -> Any:
        """Of the hospitals one administers, at most 10 in use each."""
        return reads.plan(webhooks.endpoints(info.context.actor), info).order_by("id")[:100]

    def resolve_deliveries(
        self: Any, info: Any, first: int, after: str | None = None, state: Any = None, channel: Any = None
    ) -> reads.Page:
        """Of the hospitals one administers."""
        rows = webhooks.deliveries(info.context.actor)
        rows = rows.filter(state__in=plain(state)) if state is not None else rows
        rows = rows.filter(channel__in=plain(channel)) if channel is not None else rows
        return reads.page(rows, info, order=NEWEST, first=first, after=after)


class SetPreference(Action):
    """Say by which channel you want to hear, of what, and when not; it counts from the next step on."""

    perform = staticmethod(set_preference)
    returns = ("preference", PreferenceType, Preference)

    class Input:
        """One channel; what is left out is everything, at any time."""

        channel = ChannelEnum(required=True, description="EMAIL, SMS or WECOM (渠道).")
        address = graphene.String(required=True, description="E-mail address, mobile number or WeCom account (地址).")
        active = graphene.Boolean(description="Whether the channel is used; true if left out (启用).")
        least_priority = PriorityEnum(description="Only this priority or a more urgent one (最低优先级).")
        steps = STEPS
        quiet_from = Time(description="Routine cases wait from this time (免打扰起).")
        quiet_until = Time(description="Until this time (免打扰止).")


class Endpoint(Action):
    """A change of a hospital's system."""

    returns = ("webhook_endpoint", WebhookEndpointType, WebhookEndpoint)
    objects: ClassVar = {"id": ("WebhookEndpoint",), "hospital": ("Hospital",)}

    class Meta:
        """Not a mutation itself."""

        abstract = True


class CreateWebhookEndpoint(Endpoint):
    """Let a system of your hospital be told of every step of its cases; the secret is shown once."""

    class Input:
        """Whose system, what for, where."""

        hospital = graphene.ID(required=True, description="Your hospital.")
        name = graphene.String(required=True, description="What it is for (用途).")
        url = graphene.String(required=True, description="Its https address (地址).")
        steps = STEPS

    @staticmethod
    def perform(*, by: Any, hospital: str, **given: Any) -> WebhookEndpoint:
        """See `consortium.webhooks.create_webhook_endpoint`."""
        endpoint, secret = webhooks.create_webhook_endpoint(by=by, hospital=UUID(hospital), **given)
        by.shown[endpoint.pk] = secret
        return endpoint


class RotateWebhookSecret(Endpoint):
    """Make a new secret, shown once; the former one signs beside it until the overlap ends."""

    class Input:
        """Which system, how long both."""

        id = graphene.ID(required=True, description="The system.")
        expected_version = VERSION
        overlap_hours = graphene.Int(description="0 to 168, 24 if left out; 0 when the former one became known.")

    @staticmethod
    def perform(*, by: Any, **given: Any) -> WebhookEndpoint:
        """See `consortium.webhooks.rotate_webhook_secret`."""
        endpoint, secret = webhooks.rotate_webhook_secret(by=by, **given)
        by.shown[endpoint.pk] = secret
        return endpoint


class DeactivateWebhookEndpoint(Endpoint):
    """Tell the system nothing any more; what still waits for it is given up."""

    perform = staticmethod(webhooks.deactivate_webhook_endpoint)

    class Input:
        """Which system."""

        id = graphene.ID(required=True, description="The system.")
        expected_version = VERSION


class ReplayDeliveries(Endpoint):
    """Tell a system again of everything since a moment, under the same ids, the oldest first."""

    perform = staticmethod(webhooks.replay_deliveries)

    class Input:
        """Which system, from when to when."""

        id = graphene.ID(required=True, description="The system.")
        recorded_from = DateTime(required=True, description="What was recorded at or after (起).")
        recorded_to = DateTime(description="What was recorded before; until now if left out (止).")


class ResendDelivery(Action):
    """Try again at once what was given up, to the address that counts now."""

    perform = staticmethod(webhooks.resend_delivery)
    returns = ("delivery", DeliveryType, Delivery)
    objects = {"id": ("Delivery",)}

    class Input:
        """Which delivery."""

        id = graphene.ID(required=True, description="The delivery.")


class Mutation:
    """What is changed about deliveries."""

    set_preference = SetPreference.Field(description=SetPreference.__doc__)
    create_webhook_endpoint = CreateWebhookEndpoint.Field(description=CreateWebhookEndpoint.__doc__)
    rotate_webhook_secret = RotateWebhookSecret.Field(description=RotateWebhookSecret.__doc__)
    deactivate_webhook_endpoint = DeactivateWebhookEndpoint.Field(description=DeactivateWebhookEndpoint.__doc__)
    replay_deliveries = ReplayDeliveries.Field(description=ReplayDeliveries.__doc__)
    resend_delivery = ResendDelivery.Field(description=ResendDelivery.__doc__)
