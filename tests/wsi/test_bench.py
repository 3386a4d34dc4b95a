"""The measurement of tiles runs and says what it compared; its times are nobody's promise."""

import re

from bench import tiles


def test_the_measurement_compares_equal_pictures(capsys):
    tiles.main(["--width", "900", "--height", "700", "--tiles", "30", "--seconds", "0"])
    said = capsys.readouterr().out
    assert re.findall(r"slide[\w.-]*: 900 × 700, (\d+) px", said) == ["240", "256", "256"]
    assert re.findall(r"(\d+) of 30 tiles differ", said) == ["0", "0", "0"]
    assert len(re.findall(r"ratio of medians \d+", said)) == 3
