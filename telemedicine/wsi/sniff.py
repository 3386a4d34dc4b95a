"""What a file is, by its first bytes; its name only helps to say which foreign format it is."""

from enum import StrEnum

from telemedicine.wsi.dicom import is_dicom
from telemedicine.wsi.faults import BadSlide, Fault
from telemedicine.wsi.tiff import is_tiff

HEAD = 1024
# Formats that nothing free reads: by their first bytes where these are known, by the ending of the name otherwise.
CLOSED = {
    ".kfb": Fault.FORMAT_KFB,
    ".kfbf": Fault.FORMAT_KFB,
    ".sdpc": Fault.FORMAT_SDPC,
    ".dyqx": Fault.FORMAT_SDPC,
    ".tmap": Fault.FORMAT_TMAP,
    ".mds": Fault.FORMAT_MDS,
    ".mdsx": Fault.FORMAT_MDS,
}
CLOSED_MAGIC = {
    b"KFB": Fault.FORMAT_KFB,
    b"SQ": Fault.FORMAT_SDPC,
    b"TMAP": Fault.FORMAT_TMAP,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": Fault.FORMAT_MDS,
}
PAGES = (b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script", b"<head", b"<body")


class Kind(StrEnum):
    """What is read in which way."""

    TIFF = "TIFF"
    DICOM = "DICOM"
    ZIP = "ZIP"
    CZI = "CZI"


def kind(head: bytes, name: str = "") -> Kind:
    """How a file with these first bytes is read; refused with the right advice if it is not."""
    if not head:
        raise BadSlide(Fault.EMPTY)
    if is_tiff(head):
        return Kind.TIFF
    if is_dicom(head):
        return Kind.DICOM
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return Kind.ZIP
    if head.startswith(b"ZISRAWFILE"):
        return Kind.CZI
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    if ending in CLOSED:
        raise BadSlide(CLOSED[ending], name)
    for magic, fault in CLOSED_MAGIC.items():
        if head.startswith(magic):
            raise BadSlide(fault, "by its first bytes")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(PAGES):
        raise BadSlide(Fault.WEB_PAGE)
    if ending == ".mrxs":
        raise BadSlide(Fault.ZIP_CONTENT, "an .mrxs without its folder")
    raise BadSlide(Fault.NOT_A_SLIDE, head[:8].hex())
