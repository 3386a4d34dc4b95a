"""What can be wrong with a slide file: stable codes, and for each one sentence that names the remedy."""

from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Fault(StrEnum):
    """Why a file is refused; a program may branch on the code, the sentence is for people."""

    BAD_STRUCTURE = "BAD_STRUCTURE"
    CRASHED = "CRASHED"
    CYCLIC_DIRECTORIES = "CYCLIC_DIRECTORIES"
    DAMAGED_TILE = "DAMAGED_TILE"
    DECOMPRESSION_BOMB = "DECOMPRESSION_BOMB"
    EMPTY = "EMPTY"
    FORMAT_KFB = "FORMAT_KFB"
    FORMAT_MDS = "FORMAT_MDS"
    FORMAT_SDPC = "FORMAT_SDPC"
    FORMAT_TMAP = "FORMAT_TMAP"
    NO_PYRAMID = "NO_PYRAMID"
    NO_SPACE = "NO_SPACE"
    NOT_A_SLIDE = "NOT_A_SLIDE"
    NOT_TILED = "NOT_TILED"
    OTHER_PATIENT = "OTHER_PATIENT"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_DIRECTORIES = "TOO_MANY_DIRECTORIES"
    TOO_MANY_TILES = "TOO_MANY_TILES"
    TOO_MUCH_MEMORY = "TOO_MUCH_MEMORY"
    TOO_SLOW = "TOO_SLOW"
    TRUNCATED = "TRUNCATED"
    UNKNOWN_COMPRESSION = "UNKNOWN_COMPRESSION"
    UNREADABLE = "UNREADABLE"
    WEB_PAGE = "WEB_PAGE"
    WRONG_CHECKSUM = "WRONG_CHECKSUM"
    ZIP_BOMB = "ZIP_BOMB"
    ZIP_CONTENT = "ZIP_CONTENT"
    ZIP_ENCRYPTED = "ZIP_ENCRYPTED"
    ZIP_PATH = "ZIP_PATH"


class Note(StrEnum):
    """What a reader of an accepted file should know."""

    DECODED_TILES = "DECODED_TILES"
    FIRST_PLANE_ONLY = "FIRST_PLANE_ONLY"
    LABEL_PRESENT = "LABEL_PRESENT"
    NO_MAGNIFICATION = "NO_MAGNIFICATION"
    NO_SCALE = "NO_SCALE"
    PATIENT_TAGS = "PATIENT_TAGS"


SENTENCES: dict[Fault | Note, Any] = {
    Fault.BAD_STRUCTURE: _("文件内部结构有误；请用扫描仪软件重新导出后再上传。"),
    Fault.CRASHED: _("检查程序在读取该文件时崩溃，文件可能已损坏；请重新导出，若仍失败请联系管理员。"),
    Fault.CYCLIC_DIRECTORIES: _("文件目录互相循环，文件已损坏；请重新导出后再上传。"),
    Fault.DAMAGED_TILE: _("切片中有损坏的图像块；请重新扫描或重新导出后再上传。"),
    Fault.DECOMPRESSION_BOMB: _("图像块解压后的尺寸与声明不符，可能是恶意文件；请用扫描仪软件重新导出。"),
    Fault.EMPTY: _("文件是空的；请检查源文件后重新上传。"),
    Fault.FORMAT_KFB: _("这是江丰 KFB 格式，无法直接读取；请在江丰阅片软件中导出为 SVS 或 TIFF 后再上传。"),
    Fault.FORMAT_MDS: _("这是麦克奥迪 MDS 格式，无法直接读取；请在麦克奥迪软件中导出为 SVS 或 TIFF 后再上传。"),
    Fault.FORMAT_SDPC: _("这是生强 SDPC 格式，无法直接读取；请在生强软件中导出为 SVS 或 DICOM 后再上传。"),
    Fault.FORMAT_TMAP: _("这是优纳 TMAP 格式，无法直接读取；请在优纳软件中导出为 SVS 或 TIFF 后再上传。"),
    Fault.NO_PYRAMID: _("切片没有缩小的各层图像，无法流畅浏览；请导出为带金字塔的 SVS、TIFF 或 DICOM。"),
    Fault.NO_SPACE: _("服务器存储空间不足；请稍后重试，若仍失败请联系管理员。"),
    Fault.NOT_A_SLIDE: _(
        "文件内容不是支持的切片格式；请上传 SVS、NDPI、分块 TIFF、DICOM，或打成 zip 包的 MRXS、DICOM 文件夹。"
    ),
    Fault.NOT_TILED: _("图像没有分块存储，无法按需读取；请导出为分块（tiled）的金字塔 TIFF 或 SVS。"),
    Fault.OTHER_PATIENT: _("文件中记录的患者与本病例不一致；请核对玻片条码，上传正确的文件或先去除患者信息。"),
    Fault.TOO_LARGE: _("声明的图像尺寸超出上限；请确认文件完好，必要时分区导出。"),
    Fault.TOO_MANY_DIRECTORIES: _("文件中的图像数量超出上限；请只导出一张切片。"),
    Fault.TOO_MANY_TILES: _("图像块数量超出上限；请以 240 像素以上的块重新导出。"),
    Fault.TOO_MUCH_MEMORY: _("检查该文件所需内存超出上限；请以较小的块重新导出。"),
    Fault.TOO_SLOW: _("检查该文件耗时超出上限；请重新导出，若仍失败请联系管理员。"),
    Fault.TRUNCATED: _("文件不完整，结尾缺失；请检查源文件后重新上传。"),
    Fault.UNKNOWN_COMPRESSION: _("图像的压缩方式无法读取；请以 JPEG 压缩重新导出。"),
    Fault.UNREADABLE: _("无法读取该切片；请用扫描仪软件导出为 SVS、分块 TIFF 或 DICOM 后再上传。"),
    Fault.WEB_PAGE: _("这是网页或脚本，不是切片；请上传扫描仪导出的原始文件。"),
    Fault.WRONG_CHECKSUM: _("文件校验和不符，上传可能中断；请重新上传。"),
    Fault.ZIP_BOMB: _("压缩包解压后过大或文件过多；请只打包一张切片，并使用“仅存储”方式。"),
    Fault.ZIP_CONTENT: _("压缩包中须恰有一张切片（一个 .mrxs 及其文件夹，或同一切片的 DICOM 文件）；请重新打包。"),
    Fault.ZIP_ENCRYPTED: _("压缩包已加密；请去除密码后重新打包。"),
    Fault.ZIP_PATH: _("压缩包内的路径或链接指向包外；请用普通方式重新打包。"),
    Note.DECODED_TILES: _("该格式须解码后显示，浏览会慢一些；导出为 JPEG 压缩的 SVS 或 TIFF 可更快。"),
    Note.FIRST_PLANE_ONLY: _("文件含多个焦平面，只显示第一个。"),
    Note.LABEL_PRESENT: _("文件含标签图像，只对送检单位显示。"),
    Note.NO_MAGNIFICATION: _("文件未记录物镜倍数。"),
    Note.NO_SCALE: _("文件未记录像素尺寸，无法显示比例尺和测量。"),
    Note.PATIENT_TAGS: _("文件中含患者信息，不对外提供原始文件。"),
}


class BadSlide(Exception):
    """A slide file that is refused; `detail` says where, in English, for the log only."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault
        self.detail = detail


class NoSuchTile(LookupError):
    """A level, column or row that the slide does not have."""
