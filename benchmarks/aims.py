"""What the figures are held against: each aim with its limit and the figure that was measured. Pure.

The figures come from `whole_job.py` and `peers/`; the page prints the aims in this order.
"""

from collections.abc import Iterator

from benchmarks.aim import Aim
from benchmarks.peers.section import peer_aims
from benchmarks.results import Results
from benchmarks.stages import loading_cpu_s

HUNDRED_MILLION = 100_000_000
TEN_MILLION = 10_000_000


def aims(results: Results) -> list[Aim]:
    """Return every aim whose figure was measured."""
    return [*_job_aims(results), *_case_aims(results), *_command_aims(results), *peer_aims(results)]


def _job_aims(results: Results) -> Iterator[Aim]:
    jobs = {group.size: group.figures for group in results.of_kind("job", "full")}
    largest = jobs.get(HUNDRED_MILLION)
    if largest:
        yield Aim("100 M events, files to published lists: wall", largest["full"]["wall_s"], 300, "s")
        yield Aim("100 M events: peak memory", largest["full"]["peak_mib"], 4096, "MiB")
        yield Aim("100 M events written by the simulation: wall", largest["generation"]["wall_s"], 300, "s")
        yield Aim("100 M events written by the simulation: peak memory", largest["generation"]["peak_mib"], 2048, "MiB")
        if TEN_MILLION in jobs:
            each = [
                jobs[size]["full"]["cpu_s"] / jobs[size]["rows"]["events"] for size in (HUNDRED_MILLION, TEN_MILLION)
            ]
            yield Aim("CPU per event at 100 M against 10 M", each[0] / each[1], 1.3, "times")
    for size, figures in jobs.items():
        words = f"{size / 1e6:g} M events"
        if "day" in figures:
            day, whole = figures["day"], figures["full"]["cpu_s"] / 100
            loading = loading_cpu_s(day["stages"]) / whole
            yield Aim(f"{words}, one more day: CPU of ingest, core and incremental tables / full run", loading, 5, "%")
            yield Aim(f"{words}, one more day: CPU of the whole daily run / full run", day["cpu_s"] / whole, 25, "%")
        if "again" in figures:
            yield Aim(f"{words}, second run with nothing new: wall", figures["again"]["wall_s"], 10, "s")


def _case_aims(results: Results) -> Iterator[Aim]:
    jobs = {group.size: group.figures for group in results.of_kind("job", "full")}
    for group in results.of_kind("half", "day", "whole"):
        half, whole = (loading_cpu_s(figures["day"]["stages"]) for figures in (group.figures, group.figures["whole"]))
        words = f"{group.size / 1e6:g} M events, ingest, core, incremental of one more day: history doubled"
        yield Aim(words, whole / half, 1.15, "times")
    for group in results.of_kind("skew"):
        if group.size in jobs:
            ratio = group.figures["cpu_s"] / jobs[group.size]["full"]["cpu_s"]
            yield Aim(f"{group.size / 1e6:g} M events, one user with 5 %: CPU / even case", ratio, 3, "times")


def _command_aims(results: Results) -> Iterator[Aim]:
    for group in results.of_kind("commands"):
        yield Aim("`trellis --help`: wall", group.figures["help"]["wall_s"], 0.5, "s")
        yield Aim("`trellis demo`: wall", group.figures["demo"]["wall_s"], 30, "s")
