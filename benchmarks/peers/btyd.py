"""Measures the fit of MBG/NBD against `lifetimes` on the same simulated customers; equal parameters only."""

from pathlib import Path

from benchmarks.usage import BenchmarkFailedError, measure

CUSTOMERS = 1_000_000
LIBRARIES = {"trellis": "Trellis", "lifetimes": "lifetimes"}
TOLERANCE = 0.001


def unequal(ours: dict[str, float], theirs: dict[str, float]) -> list[str]:
    """Return the parameters that differ by more than a thousandth of theirs, with both values."""
    return [
        f"{name}: {ours[name]:.6g} and {theirs[name]:.6g}"
        for name in theirs
        if abs(ours[name] - theirs[name]) > TOLERANCE * abs(theirs[name])
    ]


def measure_fit(_cache: Path) -> dict:
    """Return, by library, the parameters it found and what the fit spent.

    Raises:
        BenchmarkFailedError: the parameters differ.
    """
    figures = {}
    for library in LIBRARIES:
        asked = ["--library", library, "--customers", str(CUSTOMERS)]
        usage, found = measure("benchmarks.peers.btyd_fit", asked)
        figures[library] = {**found, "peak_mib": usage.peak_mib}
    if faults := unequal(figures["trellis"]["parameters"], figures["lifetimes"]["parameters"]):
        message = f"lifetimes found other parameters than ours: {'; '.join(faults)}"
        raise BenchmarkFailedError(message)
    return figures
