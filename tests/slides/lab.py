"""A lab's pathology case with slides to send, straight as rows; and somebody who speaks tus 1.0.0."""

import base64
import hashlib
from datetime import date
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from consortium.models import Concept
from consortium.roles import Role
from referrals.content import register_patient
from schema import ids
from telemedicine.models import (
    Block,
    BlockKind,
    Kind,
    Liability,
    PathologyCase,
    Slide,
    SlideImage,
    Specimen,
    Status,
    Upload,
    UploadState,
)
from telemedicine.uploads.check import check_next
from tests.edge.client import Edge, as_role, gid
from tests.world import DOCTOR, NOW, World, patient

LAB, PATHOLOGIST = Role.PATHOLOGY_LAB, Role.PATHOLOGIST
PIECE = "application/offset+octet-stream"
_numbers = count(1)


def concept(system: str, code: str) -> Concept:
    """A concept of a catalogue, made where the catalogue lacks it."""
    found = Concept.objects.filter(system=system, code=code).first()
    words = {"label_zh": code, "label_en": code, "source": "test", "valid_from": date(2020, 1, 1)}
    return found or Concept.objects.create(system=system, code=code, **words)


def lab_case(world: World, status: Status = Status.DRAFT, place: str = "county", **given: Any) -> PathologyCase:
    """A pathology case of a lab in a state, before the provincial experts unless it is a draft."""
    person = world.people[place, LAB, 1]
    whose = register_patient(
        by=world.actor(place, DOCTOR),
        hospital=world.hospitals[place],
        now=world.now,
        **patient(**given.pop("whose", {})),
    )
    sent = None if status == Status.DRAFT else world.now
    row: dict[str, Any] = {
        "number": f"P{next(_numbers):06d}", "status": status, "kind": Kind.ROUTINE, "patient": whose,
        "liability": Liability.CONSULTATION, "organ": concept("ORGAN", "BREAST"),
        "subspecialty": concept("SUBSPECIALTY", "BREAST"), "requester_hospital": world.hospitals[place],
        "requester_department": world.departments[place], "performer_hospital": world.hospitals["province"],
        "performer_department": world.departments["province"], "created_by": person, "created_at": world.now,
        "sent_at": sent, "submitted_at": sent, "specimen_received_at": world.now,
        "assigned_to": world.people["province", PATHOLOGIST, 1],
    }  # fmt: skip
    return PathologyCase.objects.create(**row | given)


def glass(case: PathologyCase) -> Slide:
    """One more slide of a case."""
    n, by, now = next(_numbers), case.created_by, case.created_at
    specimen = Specimen.objects.create(case=case, barcode=f"S{n}", site="左乳", received_at=now)
    block = Block.objects.create(specimen=specimen, barcode=f"B{n}", kind=BlockKind.PARAFFIN)
    return Slide.objects.create(
        case=case, block=block, barcode=f"G{n}", stain="HE", magnification=40, registered_at=now, registered_by=by
    )


def lab(world: World, place: str = "county") -> "Sender":
    """The laboratory of a hospital, signed in."""
    return Sender(as_role(world, place, LAB))


def metadata(**pairs: str) -> str:
    """An Upload-Metadata header."""
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())


def digest(name: str, content: bytes) -> str:
    """An Upload-Checksum header."""
    return f"{name} {base64.b64encode(hashlib.new(name, content).digest()).decode()}"


class Sender:
    """Somebody at the edge who sends files by the protocol."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        """The response to one request; a header of the protocol is left out by giving it empty."""
        kind = headers.pop("content_type", PIECE)
        given = {"Tus-Resumable": "1.0.0"} | {name.replace("_", "-"): value for name, value in headers.items()}
        given = {name: value for name, value in given.items() if value}
        whole = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body))}
        return self.edge.client.generic(method, path, body, kind, headers=self.edge.headers | given, **whole)

    def announce(self, slide: Slide | str, content: bytes | int, name: str = "a.svs", **pairs: str) -> Any:
        """The response to the announcement of a file; its checksum is told unless given otherwise."""
        size = content if isinstance(content, int) else len(content)
        if not isinstance(content, int):
            pairs.setdefault("sha256", sha256(content).hexdigest())
        told = metadata(slide=slide if isinstance(slide, str) else gid(slide), filename=name, **pairs)
        return self.ask("POST", "/uploads/", Upload_Length=str(size), Upload_Metadata=told)

    def begin(self, slide: Slide, content: bytes | int, **pairs: Any) -> str:
        """The address of a new upload."""
        response = self.announce(slide, content, **pairs)
        assert response.status_code == 201, response.content
        return str(response.headers["Location"])

    def piece(self, path: str, body: bytes, offset: int, **headers: str) -> Any:
        """The response to one piece."""
        return self.ask("PATCH", path, body, **{"Upload_Offset": str(offset)} | headers)

    def offset(self, path: str) -> int:
        """How much the server has."""
        response = self.ask("HEAD", path)
        assert response.status_code == 200, response.status_code
        return int(response.headers["Upload-Offset"])


def key(path: str) -> Any:
    """The key of the upload at an address."""
    return ids.decode(path.rpartition("/")[2], "Upload")


def received(sender: Sender, slide: Slide, content: bytes | Path, name: str = "a.svs") -> Upload:
    """An upload of a content, whole and not yet checked."""
    data = content if isinstance(content, bytes) else content.read_bytes()
    path = sender.begin(slide, data, name=name)
    response = sender.piece(path, data, 0)
    assert response.status_code == 204, response.content
    return Upload.objects.get(pk=key(path))


def shown(sender: Sender, slide: Slide, content: bytes | Path, name: str = "a.svs") -> SlideImage:
    """The image of a slide, sent and checked."""
    upload = received(sender, slide, content, name)
    check_next(now=NOW)
    upload.refresh_from_db()
    assert upload.state == UploadState.READY, upload.refusal_code
    return SlideImage.objects.get(upload=upload)
