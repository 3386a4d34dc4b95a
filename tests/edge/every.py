"""Every mutation of the schema with its rightful person and an input with which it is done."""

from datetime import date, timedelta
from typing import Any

from consortium.breakglass import break_glass
from consortium.models import (
    Alliance,
    BreakGlass,
    Delivery,
    Duty,
    DutySwap,
    Notice,
    Person,
    PractitionerRole,
    WebhookEndpoint,
)
from consortium.roles import Role
from referrals.models import Export, OfferStatus, Status
from telemedicine.models import Annotation, AnnotationKind, KeyImage
from tests.edge.client import Edge, as_role, camel, gid, inputs, issue, step
from tests.edge.tables import GREEN, OFFERS, STEPS
from tests.reports import FILE, READER, REGION, case, scan, sign
from tests.world import BY, COUNTY_DOCTOR, NOW, World, patient

ADMIN, EXPERT = Role.HOSPITAL_ADMIN, Role.EXPERT
Mutation = tuple[Edge, str, dict[str, Any]]


def every_mutation(world: World, selected: str = "{ number }") -> dict[str, Mutation]:
    """Mutation: who does it, what to select of its payload, and its input; each by itself can be done now.

    Of a case is selected what is said, of anything else nothing.
    """
    shape = f"referral {selected}"
    expert = world.people["province", EXPERT, 1]
    boss, doctor, clerk = (as_role(world, *who) for who in (("province", ADMIN), COUNTY_DOCTOR, ("county", ADMIN)))
    states = {status: world.referral(status) for status in {state for state, _who in STEPS.values()}}
    made: dict[str, Mutation] = {
        camel(name): (as_role(world, *BY[name]), shape, step(states[state]) | inputs(world, name))
        for name, (state, _who) in STEPS.items()
    }
    proposed = world.take("propose_expiry", world.referral(Status.SENT))
    reported = world.take("report_error", world.referral(Status.SENT))
    missed = world.referral(Status.SCHEDULED)
    missed.bookings.update(starts_at=NOW)
    token, _secret = issue(expert, "read", now=NOW)
    department = gid(world.departments["province.other"])
    who = {"name": "甲", "idNumber": patient()["id_number"]}
    notice = Notice.objects.filter(person=expert).first()
    held = PractitionerRole.objects.get(person=expert)
    return made | {
        "recordNoShow": (as_role(world, *BY["record_no_show"]), shape, step(missed)),
        "createReferral": (doctor, shape, {"requesterDepartment": gid(world.departments["county"]), "patient": who}),
        "confirmExpiry": (doctor, shape, step(proposed, reason="NO_RESPONSE")),
        "confirmError": (clerk, shape, step(reported)),
        "updateCapacity": (boss, "", step(world.picu, bedsTotal=9, bedsFree=9, asOf=NOW.isoformat())),
        "grantRole": (boss, "", {"person": gid(expert), "role": "EXPERT", "department": department}),
        "revokeRole": (boss, "", {"id": gid(held), "expectedVersion": 1}),
        "issueApiToken": (doctor, "", {"name": "x", "scopes": ["read"], "expiresInDays": 1}),
        "revokeApiToken": (Edge(expert), "", {"id": gid(token)}),
        "readNotice": (Edge(expert), "", {"id": gid(notice)}),
        **of_accounts(world),
        **of_emergencies(world),
        **of_exports(world),
        **of_clocks_and_duties(world),
        **of_deliveries(world),
        **of_the_green_channel(world, selected),
        **of_reports(world),
        **of_viewing(world),
    }


def of_accounts(world: World) -> dict[str, Mutation]:
    """The mutations about accounts: somebody else's for each."""
    place = world.hospitals["city"]
    system, security = (as_role(world, "city", role) for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN))
    makers = {"issueSetupLink": system, "deactivatePerson": system}
    makers |= {"unlockPerson": security, "resetSecondFactor": security}
    made: dict[str, Mutation] = {
        name: (edge, "", {"id": gid(Person.objects.create(username=f"of.{name}", name="甲", home=place))})
        for name, edge in makers.items()
    }
    wanted = {"username": "of.createPerson", "name": "乙", "title": "主治医师", "hospital": gid(place)}
    return made | {"createPerson": (system, "", wanted)}


def of_exports(world: World) -> dict[str, Mutation]:
    """The mutations about figures as files."""
    alliance = Alliance.objects.create(code="exported", name="联盟", lead=world.hospitals["province"])
    person = world.people["province", Role.ALLIANCE_ADMIN, 1]
    days = {"since": date(2026, 2, 1), "until": date(2026, 2, 28)}
    waiting = Export.objects.create(
        alliance=alliance, person=person, months=1, format="CSV", tables=[], total=1, requested_at=NOW, **days
    )
    wanted = {"alliance": "exported", "since": "2026-02-01", "until": "2026-02-28", "format": "XLSX"}
    return {
        "requestExport": (Edge(person), "export { state }", wanted),
        "cancelExport": (Edge(person), "export { state }", {"id": gid(waiting), "expectedVersion": 1}),
    }


def broken_glass(world: World, *, ago: timedelta = timedelta(0), **given: Any) -> BreakGlass:
    """The foreign doctor's emergency access to a patient of the county."""
    referral, doctor = world.referral(Status.SENT), world.actor("foreign", Role.REFERRING_DOCTOR)
    named = {"reason": "CANNOT_TELL", "number": referral.number}
    return break_glass(by=doctor, now=NOW - ago, **named | given)


def of_emergencies(world: World) -> dict[str, Mutation]:
    """The mutations about emergency access: one to open, one that runs, one that has ended."""
    runs, ended = broken_glass(world), broken_glass(world, ago=timedelta(hours=2))
    doctor, number = as_role(world, "foreign", Role.REFERRING_DOCTOR), world.referral(Status.SENT).number
    return {
        "breakGlass": (doctor, "", {"reason": "CANNOT_TELL", "number": number}),
        "endBreakGlass": (doctor, "", {"id": gid(runs), "expectedVersion": 1}),
        "reviewBreakGlass": (
            as_role(world, "county", ADMIN),
            "",
            {"id": gid(ended), "expectedVersion": 1, "verdict": "JUSTIFIED"},
        ),
    }


def of_clocks_and_duties(world: World) -> dict[str, Mutation]:
    """The mutations about an alliance's limits and a department's roster."""
    place, day = world.departments["province"], NOW + timedelta(days=1)
    one, two = (world.people["province", EXPERT, n] for n in (1, 2))
    mine, theirs, third = (
        Duty.objects.create(department=place, person=person, starts_at=at, ends_at=at + timedelta(hours=8))
        for person, at in ((one, day), (two, day + timedelta(days=1)), (two, day + timedelta(days=2)))
    )
    swap = DutySwap.objects.create(given=mine, taken=theirs, given_version=1, taken_version=1, proposed_at=NOW)
    Alliance.objects.create(code="own-limits", name="联盟", lead=world.hospitals["province"])
    hours = {"startsAt": (NOW + timedelta(days=9)).isoformat(), "endsAt": (NOW + timedelta(days=10)).isoformat()}
    rule = {"alliance": "own-limits", "kind": "TRIAGE", "priority": "STAT", "targetMinutes": 10, "source": "联盟决议"}
    return {
        "setClockRule": (as_role(world, "province", Role.ALLIANCE_ADMIN), "", rule),
        "setDuty": (as_role(world, "province", ADMIN), "", {"department": gid(place), "person": gid(one)} | hours),
        "swapDuty": (Edge(one), "", {"id": gid(mine), "other": gid(third)}),
        "acceptSwap": (Edge(two), "", {"id": gid(swap)}),
    }


def of_deliveries(world: World) -> dict[str, Mutation]:
    """The mutations about how notices leave the house: one system for each way to change it, one lost delivery."""
    boss, place = as_role(world, "county", ADMIN), world.hospitals["county"]
    url = "https://his.example.org/in"
    rotated, off, replayed = (
        WebhookEndpoint.objects.create(hospital=place, name=name, url=url, salt=b"1" * 32, created_at=NOW)
        for name in ("LIS", "PACS", "HIS")
    )
    world.draft()
    lost = Delivery.objects.filter(endpoint=replayed).latest("created_at")
    Delivery.objects.filter(pk=lost.pk).update(state=Delivery.State.DEAD, attempts=8, last_error="HTTP_500")
    wish = {"channel": "EMAIL", "address": "a@example.org", "quietFrom": "22:00:00", "quietUntil": "07:00:00"}
    return {
        "setPreference": (as_role(world, *COUNTY_DOCTOR), "", wish),
        "createWebhookEndpoint": (boss, "", {"hospital": gid(place), "name": "HIS", "url": url}),
        "rotateWebhookSecret": (boss, "", {"id": gid(rotated), "expectedVersion": 1}),
        "deactivateWebhookEndpoint": (boss, "", {"id": gid(off), "expectedVersion": 1}),
        "replayDeliveries": (boss, "", {"id": gid(replayed), "recordedFrom": NOW.isoformat()}),
        "resendDelivery": (boss, "", {"id": gid(lost)}),
    }


def of_the_green_channel(world: World, selected: str) -> dict[str, Mutation]:
    """The steps of a call and of its offers, each on a row of its own."""
    shape = f"referral {selected}"
    made: dict[str, Mutation] = {}
    for name, (state, _who) in GREEN.items():
        leg, more = world.green(state), {}
        if name == "widen_broadcast":
            more = {"targets": [gid(world.departments["province2"])]}
        if name == "choose_offer":
            more = {"offer": gid(world.take("offer_place", leg.offers.get()))}
        if name == "review_quality":
            for kind, who in (("FIRST_CONTACT", COUNTY_DOCTOR), ("DOOR", ("province", EXPERT))):
                only = {"kind": kind, "at": NOW}
                leg = world.take("record_milestone", leg, by=world.actor(*who), only=only)
            more = {"fromKind": "FIRST_CONTACT", "toKind": "DOOR", "cause": "TRANSPORT_DELAY"}
        made[camel(name)] = (as_role(world, *BY[name]), shape, step(world.read(leg)) | inputs(world, name) | more)
    for name, (status, _who) in OFFERS.items():
        offer = world.offer(OfferStatus.ASKED if name == "confirm_phone_answer" else status)
        if name == "confirm_phone_answer":
            offer = world.take("record_phone_answer", offer)
        made[camel(name)] = (as_role(world, *BY[name]), f"offer {selected}", step(offer) | inputs(world, name))
    call = {"kind": "CRITICAL_CHILD", "requesterDepartment": gid(world.departments["county"])}
    call |= {"targets": [gid(world.departments["province"])], "patient": {"name": "王小急"}, "summary": "高热"}
    return made | {"activateGreenChannel": (as_role(world, *COUNTY_DOCTOR), shape, call)}


def of_reports(world: World) -> dict[str, Mutation]:
    """The mutations about a report on one case: a draft, and words beside what was signed."""
    row = case(world)
    reader = Edge(world.people[READER[0], READER[1], 1])
    return {
        "saveReportDraft": (reader, "", {"id": gid(row), "expectedVersion": 0, "report": {"conclusion": "待定"}}),
        "addAddendum": (reader, "", {"id": gid(sign(world, row)), "text": "补充"}),
    }


def of_viewing(world: World) -> dict[str, Mutation]:
    """What is left on a slide: a drawing for each way to change it, and a key image, its picture left out."""
    row, reader = case(world), Edge(world.people[READER[0], READER[1], 1])
    image, glass = scan(row.slides.get()), {"slide": gid(row.slides.get())}
    point = {"type": "Point", "coordinates": [5, 5]}
    by = {"case": row, "image": image, "person": row.assigned_to}
    at = {"kind": AnnotationKind.POINT, "geometry": point, "created_at": NOW, "changed_at": NOW}
    changed, deleted = (Annotation.objects.create(**by, **at) for _ in range(2))
    size = {"picture_width": 640, "picture_height": 480}
    kept = KeyImage.objects.create(**by, **REGION, **size, sha256=FILE, picture="none", kept_at=NOW)
    look = {"x": 0, "y": 0, "width": 40000, "height": 30000, "scale": 0.1}
    return {
        "reportViewing": (reader, "", glass | {"looks": [look]}),
        "annotateSlide": (reader, "", glass | {"kind": "POINT", "geometry": point, "label": "x"}),
        "changeAnnotation": (reader, "", {"id": gid(changed), "expectedVersion": 1, "label": "x"}),
        "deleteAnnotation": (reader, "", {"id": gid(deleted), "expectedVersion": 1}),
        "discardKeyImage": (reader, "", {"id": gid(kept)}),
    }
