"""Named places where a test lets the process die, as a power cut or kill -9 would. Nothing else belongs here."""

import os

KILLED = 137
"""The exit code of a process that was killed."""


def failpoint(name: str) -> None:
    """End the process at once, without clean-up, when the environment's TRELLIS_FAILPOINT names this place."""
    if os.environ.get("TRELLIS_FAILPOINT") == name:
        os._exit(KILLED)
