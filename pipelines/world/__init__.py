"""A simulated social-commerce shop with known truth, at any size.

Belongs here: the generative model that docs/simulated-world.md states, and the files it writes. Does not belong here:
reading or judging what a pipeline makes of them.
"""

from pipelines.world.errors import WorldError
from pipelines.world.generation import SOURCES, WorldSummary, generate

__all__ = ["SOURCES", "WorldError", "WorldSummary", "generate"]
