"""Draws what a scanner photographs besides the tissue: the paper label and the whole glass."""

from PIL import Image, ImageDraw, ImageFont

from telemedicine.wsi.generate.tissue import GLASS, mixed


def label(seed: int, patient: str) -> Image.Image:
    """A paper label with number, name and a code of dark squares."""
    image = Image.new("RGB", (387, 463), (250, 248, 240))
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(28)
    draw.rectangle((4, 4, 382, 458), outline=(40, 40, 40), width=2)
    draw.text((24, 20), f"S26-{seed % 100000:05}-A1", fill="black", font=font)
    draw.text((24, 64), patient.encode("ascii", "replace").decode(), fill="black", font=font)
    draw.text((24, 108), "HE", fill="black", font=font)
    for number in range(18 * 18):
        if mixed(seed, number) & 1 or number % 18 == 0 or number // 18 == 17:
            left, top = 70 + number % 18 * 14, 180 + number // 18 * 14
            draw.rectangle((left, top, left + 13, top + 13), fill="black")
    return image


def macro(overview: Image.Image, glass_label: Image.Image) -> Image.Image:
    """The whole glass: label to the left, tissue to the right."""
    image = Image.new("RGB", (1280, 480), GLASS)
    small = glass_label.copy()
    small.thumbnail((400, 440))
    image.paste(small, (16, (480 - small.height) // 2))
    tissue = overview.copy()
    tissue.thumbnail((800, 420))
    image.paste(tissue, (440 + (820 - tissue.width) // 2, (480 - tissue.height) // 2))
    return image
