"""Makes a DICOM whole-slide series: one file for each level, label and overview beside them, an invented patient."""

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import ImageCms
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, JPEGBaseline8Bit, generate_uid

from telemedicine.wsi.generate.label import label, macro
from telemedicine.wsi.generate.pyramid import Plan, encoded, filled, planned
from telemedicine.wsi.generate.tissue import Tissue

STORAGE = "1.2.840.10008.5.1.4.1.1.77.1.6"  # VL Whole Slide Microscopy Image Storage
QUALITY = 80
MPP = 0.25
SCANNED = "20260115093000"


def make_dicom(
    folder: Path,
    *,
    width: int,
    height: int,
    seed: int,
    tile: int = 256,
    patient: str = "Yan^Shi=演^示",
    tables: bool = True,
) -> None:
    """Write the series into a new folder; `tables` says whether the files list the places of their frames."""
    folder.mkdir()
    plans = planned(width, height, tile=tile, factor=4, smallest=max(512, tile))
    spools, overview = filled(Tissue(width, height, seed), plans, folder, lambda image: encoded(image, QUALITY))
    series = _Series(seed, patient, (width, height))
    for number, spool in enumerate(spools):
        kind = ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"] if number else ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
        frames = range(spool.plan.columns * spool.plan.rows)
        header = series.instance(number + 1, kind, spool.plan)
        _write(folder / f"level-{number}.dcm", header, spool.lengths, map(spool.tile, frames), tables)
        spool.close()
    glass_label = label(seed, patient.split("=")[0])
    beside = {"LABEL": glass_label, "OVERVIEW": macro(overview, glass_label)}
    for number, (name, image) in enumerate(beside.items(), 90):
        kind = ["ORIGINAL", "PRIMARY", name, "NONE"]
        header = series.instance(number, kind, Plan(*image.size, 0, 1), shows_label=True)
        header.Rows, header.Columns, data = image.height, image.width, encoded(image, 85)
        _write(folder / f"{name.lower()}.dcm", header, [len(data)], iter([data]), tables)


class _Series:
    """What all files of a slide say alike."""

    def __init__(self, seed: int, patient: str, size: tuple[int, int]) -> None:
        self.seed, self.patient = seed, patient
        self.volume = size[0] * MPP / 1000, size[1] * MPP / 1000
        self.profile = _profile()

    def uid(self, *names: object) -> UID:
        """An identifier that depends on the seed and these names."""
        return generate_uid(entropy_srcs=["refnet", str(self.seed), *map(str, names)])

    def instance(self, number: int, kind: list[str], plan: Plan, *, shows_label: bool = False) -> FileDataset:
        """The header of one file, without its frames."""
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(STORAGE), self.uid("instance", number)
        meta.TransferSyntaxUID, meta.ImplementationClassUID = JPEGBaseline8Bit, self.uid("implementation")
        ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        self._who(ds, number)
        self._specimen(ds)
        self._pixels(ds, kind, plan, shows_label)
        return ds

    def _who(self, ds: Dataset, number: int) -> None:
        """Patient, study, series, equipment and instance."""
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.SOPClassUID, ds.SOPInstanceUID = STORAGE, ds.file_meta.MediaStorageSOPInstanceUID
        ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = (
            self.patient,
            f"DEMO{self.seed}",
            "19700101",
            "F",
        )
        ds.StudyInstanceUID, ds.SeriesInstanceUID = self.uid("study"), self.uid("series")
        ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = self.uid("frame"), "SLIDE_CORNER"
        ds.StudyDate, ds.StudyTime, ds.ContentDate, ds.ContentTime = SCANNED[:8], SCANNED[8:], SCANNED[:8], SCANNED[8:]
        ds.AcquisitionDateTime, ds.AcquisitionDuration = SCANNED, 60.0
        ds.AccessionNumber, ds.StudyID, ds.ReferringPhysicianName = f"S26-{self.seed % 100000:05}", "1", ""
        ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "SM", 1, number
        ds.Manufacturer, ds.ManufacturerModelName = "Refnet", "slide generator"
        ds.DeviceSerialNumber, ds.SoftwareVersions = "0", "1"

    def _specimen(self, ds: Dataset) -> None:
        """The glass and what lies on it."""
        ds.ContainerIdentifier, ds.IssuerOfTheContainerIdentifierSequence = (
            f"S26-{self.seed % 100000:05}-A1",
            Sequence(),
        )
        ds.ContainerTypeCodeSequence = Sequence([_code("433466003", "SCT", "Microscope slide")])
        specimen = Dataset()
        specimen.SpecimenIdentifier, specimen.SpecimenUID = ds.ContainerIdentifier, self.uid("specimen")
        specimen.IssuerOfTheSpecimenIdentifierSequence = Sequence()
        specimen.SpecimenPreparationSequence = Sequence()
        ds.SpecimenDescriptionSequence = Sequence([specimen])
        ds.AcquisitionContextSequence = Sequence()

    def _pixels(self, ds: Dataset, kind: list[str], plan: Plan, shows_label: bool) -> None:
        """The picture's shape, scale, colours and light."""
        ds.ImageType = kind
        ds.Rows = ds.Columns = plan.tile
        ds.TotalPixelMatrixColumns, ds.TotalPixelMatrixRows = plan.width, plan.height
        ds.NumberOfFrames = plan.columns * plan.rows if plan.tile else 1
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "YBR_FULL_422", 0
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
        ds.ImagedVolumeWidth, ds.ImagedVolumeHeight, ds.ImagedVolumeDepth = *self.volume, 1.0
        ds.VolumetricProperties, ds.FocusMethod, ds.ExtendedDepthOfField = "VOLUME", "AUTO", "NO"
        ds.SpecimenLabelInImage = ds.BurnedInAnnotation = "YES" if shows_label else "NO"
        ds.LossyImageCompression, ds.LossyImageCompressionMethod = "01", "ISO_10918_1"
        ds.LossyImageCompressionRatio = 12
        ds.TotalPixelMatrixFocalPlanes = ds.NumberOfOpticalPaths = 1
        ds.DimensionOrganizationType = "TILED_FULL"
        ds.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
        origin = Dataset()
        origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = 20.0, 40.0
        ds.TotalPixelMatrixOriginSequence = Sequence([origin])
        shared, measures, frame, path = Dataset(), Dataset(), Dataset(), Dataset()
        spacing = MPP / 1000 * plan.downsample
        measures.PixelSpacing, measures.SliceThickness = [spacing, spacing], 0.001
        frame.FrameType = kind
        path.OpticalPathIdentifier = "1"
        shared.PixelMeasuresSequence = Sequence([measures])
        shared.WholeSlideMicroscopyImageFrameTypeSequence = Sequence([frame])
        shared.OpticalPathIdentificationSequence = Sequence([path])
        ds.SharedFunctionalGroupsSequence = Sequence([shared])
        light = Dataset()
        light.OpticalPathIdentifier, light.ObjectiveLensPower, light.ICCProfile = "1", 40, self.profile
        light.IlluminationTypeCodeSequence = Sequence([_code("111744", "DCM", "Brightfield illumination")])
        light.IlluminationColorCodeSequence = Sequence([_code("371251000", "SCT", "White color")])
        ds.OpticalPathSequence = Sequence([light])


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    """A coded concept."""
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _profile() -> bytes:
    """The sRGB profile, its date fixed so that the same seed gives the same bytes."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data[:24] + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + data[36:]


def _write(path: Path, header: FileDataset, lengths: Iterable[int], frames: Iterator[bytes], tables: bool) -> None:
    """Write the header, then the frames one by one as the standard encapsulates them."""
    padded = [length + length % 2 for length in lengths]
    offsets, at = [], 0
    for length in padded:
        offsets.append(at)
        at += 8 + length
    header.save_as(path, enforce_file_format=True)
    with path.open("ab") as file:
        file.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF))
        listed = offsets if tables and at < 1 << 32 else []
        file.write(struct.pack(f"<HHI{len(listed)}I", 0xFFFE, 0xE000, 4 * len(listed), *listed))
        for data in frames:
            file.write(struct.pack("<HHI", 0xFFFE, 0xE000, len(data) + len(data) % 2))
            file.write(data + b"\0" * (len(data) % 2))
        file.write(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))
