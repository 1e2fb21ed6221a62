"""How long ago, in the engine's words. The vectors are what docker CLI 28 printed."""
import pytest

from rawdock.cli.durations import human_duration

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize("seconds, text", [
    (-5, "Less than a second"), (0.99, "Less than a second"), (1, "1 second"), (59.9, "59 seconds"),
    (60, "About a minute"),
    (119, "About a minute"), (120, "2 minutes"), (59 * MINUTE + 59, "59 minutes"), (HOUR, "About an hour"),
    (89 * MINUTE, "About an hour"), (90 * MINUTE, "2 hours"), (47 * HOUR, "47 hours"),
    (47.6 * HOUR, "2 days"),
    (13 * DAY, "13 days"), (14 * DAY, "2 weeks"), (59 * DAY, "8 weeks"), (60 * DAY, "2 months"),
    (729 * DAY, "24 months"),
    (730 * DAY, "2 years"), (6.9 * 365 * DAY, "6 years")])
def test_durations(seconds, text):
    assert human_duration(seconds) == text
