"""What may be drawn on a slide: GeoJSON (RFC 7946) points, lines and polygons, in pixels of the image at full size."""

import math
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from telemedicine.models import AnnotationKind

MOST_POSITIONS = 2000
SHAPES = {
    AnnotationKind.POINT: "Point",
    AnnotationKind.TEXT: "Point",
    AnnotationKind.LINE: "LineString",
    AnnotationKind.BOX: "Polygon",
    AnnotationKind.POLYGON: "Polygon",
}
Position = tuple[float, float]


def settled(kind: AnnotationKind, geometry: Any, *, width: int, height: int) -> dict[str, Any]:
    """The geometry as it is stored: of the kind's shape, within the image, to a tenth of a pixel.

    INVALID_INPUT for anything else, LIMIT_EXCEEDED for more than `MOST_POSITIONS` positions.
    """
    shape = SHAPES[kind]
    if not isinstance(geometry, dict) or set(geometry) != {"type", "coordinates"} or geometry["type"] != shape:
        raise wrong(_("几何须为 GeoJSON {shape}，只含 type 与 coordinates。").format(shape=shape))
    found = geometry["coordinates"]
    if shape == "Point":
        return {"type": shape, "coordinates": [*positions([found], width, height)[0]]}
    if shape == "LineString":
        line = positions(found, width, height)
        if len(line) < 2 or all(a == b for a, b in pairwise(line)):
            raise wrong(_("线段至少需要两个不同的点。"))
        return {"type": shape, "coordinates": [[*each] for each in line]}
    if not isinstance(found, list) or len(found) != 1:
        raise wrong(_("多边形须只有一个外环，不能有洞。"))
    ring = positions(found[0], width, height)
    if len(ring) < 4 or ring[0] != ring[-1] or area(ring) == 0:
        raise wrong(_("多边形须首尾相接，至少三个顶点，且面积不为零。"))
    if kind == AnnotationKind.BOX and not upright(ring):
        raise wrong(_("矩形的边须与图像的边平行。"))
    return {"type": shape, "coordinates": [[[*each] for each in ring]]}


def positions(found: Any, width: int, height: int) -> list[Position]:
    """The positions of a list, each within the image."""
    if not isinstance(found, list):
        raise wrong(_("坐标须为位置的列表。"))
    if len(found) > MOST_POSITIONS:
        raise Refused(
            Code.LIMIT_EXCEEDED,
            _("一条标注最多 {limit} 个顶点；请简化后再存。").format(limit=MOST_POSITIONS),
            field="geometry",
        )
    return [position(each, width, height) for each in found]


def position(found: Any, width: int, height: int) -> Position:
    """One position: two finite numbers within the image."""
    if not isinstance(found, list) or len(found) != 2 or any(type(part) not in (int, float) for part in found):
        raise wrong(_("每个位置须为两个数字 [x, y]。"))
    x, y = found
    # Compared first: a whole number may be too large to become a decimal one.
    if not (0 <= x <= width and 0 <= y <= height) or not (math.isfinite(x) and math.isfinite(y)):
        raise wrong(_("标注超出图像范围（宽 {width}，高 {height} 像素）。").format(width=width, height=height))
    return round(float(x), 1), round(float(y), 1)


def area(ring: list[Position]) -> float:
    """The area of a closed ring in square pixels."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2


def upright(ring: list[Position]) -> bool:
    """Whether a ring is a rectangle whose sides are parallel to those of the image."""
    xs, ys = {x for x, _y in ring}, {y for _x, y in ring}
    turns = all((a[0] == b[0]) != (a[1] == b[1]) for a, b in pairwise(ring))
    return len(ring) == 5 and len(xs) == len(ys) == 2 and turns


def wrong(message: str) -> Refused:
    """The answer to a geometry that cannot be stored."""
    return Refused(Code.INVALID_INPUT, message, field="geometry")
