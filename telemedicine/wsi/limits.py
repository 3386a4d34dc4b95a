"""What a process that reads foreign files may use; set by the process itself before it opens one."""

import os
import resource
from dataclasses import dataclass

GIGABYTE = 1024**3


@dataclass(frozen=True)
class Limits:
    """The most that reading a foreign file may cost."""

    wall_seconds: float = 900
    cpu_seconds: int = 600
    memory_bytes: int = 2 * GIGABYTE
    file_bytes: int = 64 * GIGABYTE


def apply(limits: Limits, *, patient: bool = False) -> None:
    """Bind this process and its children; `patient` ones give way to others."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if limits.cpu_seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))
    if patient:
        os.nice(10)
