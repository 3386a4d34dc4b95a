"""Which opinions somebody may read: what readers say among themselves stays with them."""

from django.db.models import Q, QuerySet

from consortium.access import Actor
from telemedicine.models import Opinion, Part


def opinions_for(by: Actor) -> QuerySet[Opinion]:
    """The opinions that are told to the sender, and all of those at the actor's own department or hospital."""
    reach = by.reach("view_received_pathology")
    own = Q(case__performer_hospital__in=reach.hospitals) | Q(case__performer_department__in=reach.departments)
    return Opinion.objects.filter(Q(part=Part.PRELIMINARY) | own).order_by("id")
