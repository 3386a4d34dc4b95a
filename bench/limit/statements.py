"""The reads of a measurement, each twice: as a client asks for it, and as one would write it in SQL for that alone.

The SQL knows whom it answers (a hospital's office) and gives the same JSON, word for word but for the order of keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Read:
    """One read: its document, and its statement with the types of its parameters."""

    document: str
    types: str
    sql: str
    page: bool = True


AT = """replace(to_char({} at time zone 'Asia/Shanghai', 'YYYY-MM-DD"T"HH24:MI:SS.US"+08:00"'), '.000000', '')"""


def at(column: str) -> str:
    """A moment as the service writes it."""
    return AT.format(column)


def key(kind: str, column: str) -> str:
    """A global id."""
    return opaque(f"'{kind}:' || {column}")


def opaque(text: str) -> str:
    """Base64 for addresses, without its filling."""
    return f"translate(encode(convert_to({text}, 'UTF8'), 'base64'), E'+/=\\n', '-_')"


PRIORITY = "(array['STAT', 'ASAP', 'URGENT', 'ROUTINE'])[r.priority]"
MASKED = "left(p.name, 1) || repeat('*', greatest(1, length(p.name) - 1))"
MINE = """r.performer_hospital_id = $1 and r.sent_at is not null
        and (r.closed_at is null or r.closed_at > now() - interval '365 days')"""
ROW = f"""json_build_object('id', {key("Referral", "r.id")}, 'number', r.number, 'version', r.version,
    'status', r.status, 'priority', {PRIORITY}, 'createdAt', {at("r.created_at")}, 'sentAt', {at("r.sent_at")},
    'patient', json_build_object('displayName', {MASKED}, 'sex', p.sex),
    'requesterHospital', json_build_object('name', h.name, 'level', h.level,
        'division', json_build_object('name', v.name)),
    'requesterDepartment', json_build_object('name', rd.name),
    'performerDepartment', json_build_object('name', pd.name),
    'claimedBy', case when c.id is not null then json_build_object('name', c.name) end,
    'clock', case when r.clock_kind <> '' then
        json_build_object('kind', r.clock_kind, 'dueAt', {at("r.due_at")}) end)"""
JOINS = """join referrals_case k on k.id = r.case_id join consortium_patient p on p.id = k.patient_id
    join consortium_hospital h on h.id = r.requester_hospital_id
    join consortium_division v on v.code = h.division_id
    join consortium_department rd on rd.id = r.requester_department_id
    join consortium_department pd on pd.id = r.performer_department_id
    left join consortium_person c on c.id = r.claimed_by_id"""
NODES = """id number version status priority createdAt sentAt patient { displayName sex }
    requesterHospital { name level division { name } } requesterDepartment { name } performerDepartment { name }
    claimedBy { name } clock { kind dueAt }"""
TOTAL = "'totalCount', least(1000, (select count(*) from (select from referrals_referral r where {} limit 1001) x)),"
END = opaque("""'["NEWEST", "' || id || '"]'""")


def page(where: str, count: str = "") -> str:
    """A page of the list, newest first: the twenty rows are found before anything is joined."""
    return f"""
    with found as materialized (
        select * from referrals_referral r where {where} order by r.id desc limit 21
    ), shown as materialized (select * from found order by id desc limit 20)
    select json_build_object({count}
        'pageInfo', json_build_object('hasNextPage', (select count(*) > 20 from found),
            'endCursor', (select {END} from shown order by id limit 1)),
        'nodes', coalesce((select json_agg({ROW} order by r.id desc) from shown r {JOINS}), '[]'))::text"""


OPEN = f"{MINE} and r.closed_at is null"
DETAIL = f"""
    select json_build_object('number', r.number, 'version', r.version, 'status', r.status, 'priority', {PRIORITY},
        'reason', r.reason, 'createdAt', {at("r.created_at")},
        'case', json_build_object('number', k.number),
        'patient', json_build_object('displayName', {MASKED}, 'sex', p.sex),
        'requesterHospital', json_build_object('name', h.name),
        'performerHospital', json_build_object('name', ph.name),
        'clinical', json_build_object('summary', s.summary, 'diagnoses', coalesce((
            select json_agg(json_build_object('code', o.code, 'labelZh', o.label_zh) order by d.rank)
            from referrals_diagnosis d join consortium_concept o on o.id = d.concept_id
            where d.summary_id = r.clinical_id), '[]')),
        'events', coalesce((select json_agg(json_build_object('kind', e.kind, 'fromStatus', e.from_status,
                'toStatus', e.to_status, 'eventAt', {at("e.event_at")},
                'actor', json_build_object('name', a.name), 'actorHospital', json_build_object('name', ah.name))
                order by e.id)
            from consortium_event e join consortium_person a on a.id = e.actor_id
            join consortium_hospital ah on ah.id = e.actor_hospital_id where e.subject_id = r.id), '[]'),
        'attachments', coalesce((select json_agg(json_build_object('name', f.name, 'mediaType', f.media_type,
                'size', f.size, 'addedAt', {at("f.added_at")}) order by f.id)
            from referrals_attachment f where f.referral_id = r.id), '[]'),
        'informationRequests', coalesce((select json_agg(json_build_object('note', q.note, 'answer', q.answer,
                'askedAt', {at("q.asked_at")}) order by q.id)
            from referrals_informationrequest q where q.referral_id = r.id), '[]'))::text
    from referrals_referral r
    join referrals_case k on k.id = r.case_id join consortium_patient p on p.id = k.patient_id
    join consortium_hospital h on h.id = r.requester_hospital_id
    join consortium_hospital ph on ph.id = r.performer_hospital_id
    join referrals_clinicalsummary s on s.id = r.clinical_id
    where r.id = $2 and {MINE}"""
LIST = """query($after: String) {{ worklist(box: IN, first: 20, after: $after{}) {{
    {} pageInfo {{ hasNextPage endCursor }} nodes {{ {} }} }} }}"""
READS: Mapping[str, Read] = {
    "worklist": Read(LIST.format(", open: true", "totalCount", NODES), "uuid", page(OPEN, TOTAL.format(OPEN))),
    "worklist without count": Read(LIST.format(", open: true", "", NODES), "uuid", page(OPEN)),
    "everything, counted to the cap": Read(
        LIST.format("", "totalCount", NODES), "uuid", page(MINE, TOTAL.format(MINE))
    ),
    "a page deep inside": Read(LIST.format("", "", NODES), "uuid, uuid", page(f"{MINE} and r.id < $2")),
    "detail": Read(
        """query($id: ID!) { referral(id: $id) { number version status priority reason createdAt case { number }
        patient { displayName sex } requesterHospital { name } performerHospital { name }
        clinical { summary diagnoses { code labelZh } }
        events { kind fromStatus toStatus eventAt actor { name } actorHospital { name } }
        attachments { name mediaType size addedAt } informationRequests { note answer askedAt } } }""",
        "uuid, uuid",
        DETAIL,
        page=False,
    ),
}
