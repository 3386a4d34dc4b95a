"""Made-up slides in the scanners' formats, the same for the same seed, streamed to disk tile by tile."""

from telemedicine.wsi.generate.dicom import make_dicom
from telemedicine.wsi.generate.svs import make_svs
from telemedicine.wsi.generate.tiff import make_tiff

__all__ = ["make_dicom", "make_svs", "make_tiff"]
