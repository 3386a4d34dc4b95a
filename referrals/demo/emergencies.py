"""The plots of the demo's green channel as data: what happens in which order, how often, how many minutes apart."""

from referrals.demo.plots import DAY, Plot

ON_THE_ROAD = "agree onset leave"
DOOR = "sign countersign come"
BACK = "outcome acknowledge follow_up"
CHILD, NEWBORN, MATERNAL = "CRITICAL_CHILD", "CRITICAL_NEWBORN", "CRITICAL_MATERNAL"
STROKE, CHEST_PAIN, TRAUMA, ONCOLOGY = "STROKE", "CHEST_PAIN", "TRAUMA", "ONCOLOGY_EMERGENCY"


def ended(times: int, kind: str, script: str) -> Plot:
    """An emergency that has come to its end."""
    return Plot(times, script, kind=kind)


def pending(times: int, kind: str, script: str) -> Plot:
    """An emergency in which somebody still has something to do."""
    return Plot(times, script, finished=False, kind=kind)


EMERGENCIES = [
    ended(4, CHILD, f"call look look can cannot pick {ON_THE_ROAD} {DOOR} treat {BACK}"),
    ended(3, STROKE, f"call look can look can pick {ON_THE_ROAD} {DOOR} treat review {BACK}"),
    ended(3, CHEST_PAIN, f"call look talk can pick {ON_THE_ROAD} divert {DOOR} treat review outcome acknowledge"),
    ended(2, TRAUMA, f"call silence look can pick know {ON_THE_ROAD} {DOOR} treat outcome acknowledge"),
    ended(2, MATERNAL, f"call look cannot cannot widen look can pick {ON_THE_ROAD} {DOOR} treat {BACK}"),
    ended(2, NEWBORN, f"call phone confirm pick {ON_THE_ROAD} {DOOR} treat outcome acknowledge"),
    ended(1, ONCOLOGY, f"call look can pick {ON_THE_ROAD} {DOOR} treat {BACK}"),
    ended(2, STROKE, f"call look can pick {ON_THE_ROAD} {DOOR} treat step_down look can pick leave {DOOR}"
          " acknowledge_before outcome acknowledge"),
    ended(2, CHILD, "call look can pick refuse"),
    ended(2, CHEST_PAIN, "call look abandon"),
    ended(1, TRAUMA, f"call look can pick know {ON_THE_ROAD} {DOOR} die"),
    pending(2, CHILD, "call"),
    pending(1, STROKE, "call look look talk"),
    pending(2, CHEST_PAIN, "call look can look cannot"),
    pending(1, MATERNAL, "call phone"),
    pending(2, TRAUMA, "call silence"),
    pending(2, CHILD, "call look can pick"),
    pending(1, NEWBORN, "call look can pick agree"),
    pending(3, CHILD, f"call look can look can pick {ON_THE_ROAD}"),
    pending(1, CHEST_PAIN, f"call look can pick {ON_THE_ROAD} divert"),
    pending(2, STROKE, f"call look can pick {ON_THE_ROAD} sign"),
    pending(2, CHILD, f"call look can pick {ON_THE_ROAD} {DOOR}"),
    pending(2, STROKE, f"call look can pick {ON_THE_ROAD} {DOOR} treat"),
    pending(1, CHILD, f"call look can pick {ON_THE_ROAD} {DOOR} treat outcome"),
    pending(2, STROKE, f"call look can pick {ON_THE_ROAD} {DOOR} treat step_down"),
]  # fmt: skip

# Minutes from the step before.
EMERGENCY_GAPS = {
    "call": (1, 2),
    "look": (1, 2),
    "talk": (1, 2),
    "can": (1, 3),
    "cannot": (1, 2),
    "phone": (3, 5),
    "confirm": (2, 6),
    "silence": (6, 8),
    "widen": (1, 2),
    "pick": (1, 2),
    "know": (3, 10),
    "agree": (4, 20),
    "refuse": (5, 15),
    "onset": (1, 2),
    "leave": (5, 25),
    "divert": (10, 25),
    "sign": (30, 90),
    "countersign": (1, 3),
    "come": (1, 2),
    "treat": (15, 55),
    "review": (120, DAY),
    "abandon": (2, 10),
    "step_down": (4 * DAY, 9 * DAY),
}
# How many minutes ago the last step of an unfinished emergency was taken.
EMERGENCY_WAITS = dict.fromkeys(EMERGENCY_GAPS, (1, 4)) | {
    "leave": (5, 40),
    "divert": (5, 20),
    "come": (3, 15),
    "treat": (30, 300),
    "outcome": (60, DAY),
}
