"""The transaction that accepts a referral, written by hand: SQL and psycopg2.

It leaves what ours leaves: the key with its answer, the case, a place held, a limit that ends and one that begins,
event, audit entry (and so its link), notices and deliveries. It knows what it measures: which rules hold, who acts.
"""

import json
import re
from datetime import datetime
from hashlib import sha256
from typing import Any

import psycopg2
import psycopg2.extras
from django.db import connection

from consortium.models import uuid7
from referrals.models import Referral

BEGIN = """select set_config('role', %(role)s, true), set_config('refnet.person', %(person)s::text, true),
    set_config('refnet.now', %(now)s::text, true), set_config('statement_timeout', '10000', true),
    set_config('lock_timeout', '5000', true), set_config('idle_in_transaction_session_timeout', '60000', true),
    set_config('plan_cache_mode', 'force_generic_plan', true)"""
CLAIM = """insert into consortium_idempotencykey
    (id, person_id, key, fingerprint, subject_model, subject_id, created_at)
    values (%(key_id)s, %(person)s, %(key)s, %(mark)s, '', '', now()) on conflict do nothing"""
LOCK = """select r.version, r.status, r.case_id, c.patient_id, r.number, r.priority, r.requester_hospital_id,
        r.requester_department_id, r.performer_hospital_id, r.performer_department_id, r.needed_capability_id
    from referrals_referral r join referrals_case c on c.id = r.case_id join consortium_patient p on p.id = c.patient_id
    where r.id = %(id)s and r.closed_at is null and exists (
        select from consortium_practitionerrole x where x.person_id = %(person)s and x.role = 'EXPERT'
            and x.department_id = r.performer_department_id and x.starts_at <= %(now)s
            and (x.ends_at is null or x.ends_at > %(now)s))
    for no key update of p, c, r"""
HOLD = """update consortium_capability set held = held + 1
    where department_id = %(performer_department_id)s and kind_id = %(needed_capability_id)s and held < beds_free
    returning id"""
WRITE = """with rule as (
    select id, target_minutes, %(now)s::timestamptz + target_minutes * interval '1 minute' as due_at
    from consortium_clockrule
    where kind = 'BOOKING' and emergency = '' and alliance_id is null and priority = %(priority)s
        and valid_from <= %(now)s::date and (valid_to is null or valid_to >= %(now)s::date)
), ended as (
    update consortium_clockrun set stopped_at = %(now)s, met = due_at >= %(now)s,
        taken_seconds = extract(epoch from %(now)s - started_at) - paused_seconds
    where subject_id = %(id)s::uuid and kind = 'TRIAGE' and stopped_at is null
), begun as (
    insert into consortium_clockrun (id, subject_kind, subject_id, thread_id, kind, turn, rule_id, target_minutes,
        holder, hospital_id, department_id, started_at, due_at, paused_in, paused_seconds)
    select %(run)s, 'referral', %(id)s, %(case_id)s, 'BOOKING', 1, id, target_minutes, 'PERFORMER',
        %(performer_hospital_id)s, %(performer_department_id)s, %(now)s, due_at, '', 0 from rule
), moved as (
    update referrals_referral set status = 'ACCEPTED', version = version + 1, decision = 'ACCEPTED',
        decided_at = coalesce(decided_at, %(now)s), claimed_by_id = coalesce(claimed_by_id, %(person)s),
        held_capacity_id = %(held)s, instructions = '', clock_kind = 'BOOKING', clock_holder = 'PERFORMER',
        clock_started_at = %(now)s, due_at = rule.due_at
    from rule where referrals_referral.id = %(id)s
), event as (
    insert into consortium_event (id, kind, subject_kind, subject_id, thread_id, version, from_status, to_status,
        event_at, recorded_at, backdating_reason, actor_id, actor_role, actor_hospital_id, reason_code, comment, detail,
        request_id)
    values (%(event)s, 'accept_referral', 'referral', %(id)s, %(case_id)s, %(version)s + 1, %(status)s, 'ACCEPTED',
        %(now)s, %(now)s, '', %(person)s, 'EXPERT', %(performer_hospital_id)s, '', '', '{}', %(request)s)
)
insert into consortium_auditentry (id, action, actor_id, actor_role, actor_hospital_id, purpose, object_kind, object_id,
    patient_id, at, request_id)
values (%(entry)s, 'accept_referral', %(person)s, 'EXPERT', %(performer_hospital_id)s, 'TREATMENT', 'referral', %(id)s,
    %(patient_id)s, %(now)s, %(request)s)"""
TELL = """with notice as (
    insert into consortium_notice (id, event_id, person_id, created_at)
    select gen_random_uuid(), %(event)s::uuid, r.person_id, %(now)s::timestamptz
    from consortium_practitionerrole r join consortium_person p on p.id = r.person_id and p.is_active
    where r.starts_at <= %(now)s and (r.ends_at is null or r.ends_at > %(now)s) and r.person_id <> %(person)s
        and (r.hospital_id = %(requester_hospital_id)s
                and (r.department_id is null or r.department_id = %(requester_department_id)s)
                and r.role in ('EXPERT', 'REFERRAL_OFFICE', 'REFERRING_DOCTOR')
            or r.hospital_id = %(performer_hospital_id)s
                and (r.department_id is null or r.department_id = %(performer_department_id)s)
                and r.role in ('EXPERT', 'REFERRAL_OFFICE'))
    group by r.person_id
    returning id, person_id
)
insert into consortium_delivery (id, event_id, notice_id, endpoint_id, hospital_id, channel, address, text, priority,
    state, attempts, created_at, next_at, last_error)
select gen_random_uuid(), %(event)s::uuid, n.id, null, p.id, p.channel, p.address, %(text)s, %(priority)s, 'PENDING', 0,
    %(now)s, %(now)s, ''
from notice n
join lateral (select w.channel, w.address, r.hospital_id as id from consortium_preference w
    join consortium_practitionerrole r on r.person_id = w.person_id
    where w.person_id = n.person_id and w.active and w.least_priority >= %(priority)s
        and (w.steps = '{}' or 'accept_referral' = any(w.steps)) limit 1) p on true
union all
select gen_random_uuid(), %(event)s::uuid, null, w.id, w.hospital_id, 'WEBHOOK', w.url, %(text)s, %(priority)s,
    'PENDING', 0, %(now)s, %(now)s, ''
from consortium_webhookendpoint w
where w.hospital_id in (%(requester_hospital_id)s, %(performer_hospital_id)s) and w.deactivated_at is null
    and (w.steps = '{}' or 'accept_referral' = any(w.steps))"""
STATEMENTS = 7  # in accept(): the first says who acts
SLOT = re.compile(r"%\((\w+)\)s")
KEEP = """update consortium_idempotencykey set answer = %(answer)s, subject_id = %(id)s
    where person_id = %(person)s and key = %(key)s"""


class Hand:
    """A connection of its own on which referrals are accepted."""

    def __init__(self, person: int, now: datetime, *, role: str = "refnet_app", planned: bool = False) -> None:
        options = connection.get_connection_params()
        names = ("dbname", "user", "password", "host", "port", "options")
        self.line = psycopg2.connect(**{name: options[name] for name in names if options.get(name)})
        self.given: dict[str, Any] = {"person": person, "now": now, "role": role}
        self.planned, self.known = planned, dict[str, tuple[str, list[str]]]()

    def accept(self, leg: Referral, answer: dict[str, Any]) -> None:
        """Accept a referral, all or nothing."""
        request = str(uuid7())
        given = self.given | {"id": str(leg.pk), "request": request, "key": request, "answer": json.dumps(answer)}
        given |= {name: str(uuid7()) for name in ("key_id", "run", "event", "entry")}
        given["mark"] = sha256(request.encode()).digest()
        with self.line, self.line.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(BEGIN, given)
            cursor.execute(CLAIM, given)
            self._run(cursor, LOCK, given)
            found = cursor.fetchone()
            if found is None or found["status"] not in ("SENT", "IN_TRIAGE") or found["version"] != leg.version:
                raise ValueError(leg.number)
            given |= found
            given["text"] = f"{found['number']}：接受，现为“已接受”。请登录转诊协作网查看。"
            self._run(cursor, HOLD, given)
            held = cursor.fetchone()
            if held is None:
                raise ValueError("no place is left")
            given["held"] = held["id"]
            self._run(cursor, WRITE, given)
            self._run(cursor, TELL, given)
            cursor.execute(KEEP, given)

    def _run(self, cursor: Any, text: str, given: dict[str, Any]) -> None:
        """Execute a statement as it is or, where that was asked for, under the name by which it was prepared."""
        if not self.planned:
            cursor.execute(text, given)
            return
        if text not in self.known:
            names = list(dict.fromkeys(SLOT.findall(text)))
            name = f"by_hand_{len(self.known)}"
            cursor.execute(f"prepare {name} as " + SLOT.sub(lambda slot: f"${names.index(slot[1]) + 1}", text))
            self.known[text] = name, names
        name, names = self.known[text]
        cursor.execute(f"execute {name} ({', '.join(['%s'] * len(names))})", [given[one] for one in names])
