"""The refusal of arguments that make no world.

Belongs here: the error. Does not belong here: the checks that raise it (generation.py, events.py).
"""


class WorldError(ValueError):
    """The arguments make no world; the message says which and what would."""
