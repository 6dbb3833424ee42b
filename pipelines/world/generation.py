"""Generating a world into a folder: parts of many blocks, one file per source and part, and the truth beside them.

Belongs here: order of work, files, processes. Does not belong here: the model (all other modules).
"""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path

import pyarrow as pa

from pipelines.world.behaviour import BlockLife, live_block
from pipelines.world.dirt import DirtyRow, write_dirty
from pipelines.world.events import event_rows, mean_extra_events, plan_visits
from pipelines.world.feedback import feedback_table
from pipelines.world.model import WorldModel, build_model
from pipelines.world.optional_rows import contact_table, shared_optional
from pipelines.world.order_rows import order_tables
from pipelines.world.orders import choose_baskets, fill_orders, place_orders
from pipelines.world.outside import outside_events
from pipelines.world.parameters import BLOCK_USERS
from pipelines.world.truth import campaign_truth, probability_truth, shared_truth, user_truth
from pipelines.world.user_rows import product_table, user_table
from pipelines.world.writing import FileFormat, TableWriter

SOURCES = ("users", "products", "events", "orders", "order_items", "feedback")
DEFAULT_START = date(2024, 1, 1)
DEFAULT_PART_BLOCKS = 8
LEAST_DAYS = 30


@dataclass(frozen=True)
class WorldSummary:
    """What was written: data records per source, per file (path below the folder), and dirty rows per kind."""

    folder: Path
    rows: dict[str, int]
    file_rows: dict[str, int]
    dirty_rows: dict[str, int]


@dataclass(frozen=True)
class _Task:
    out: Path
    users: int
    events: int
    days: int
    seed: int
    start: date
    file_format: FileFormat
    dirty_share: float
    part_blocks: int
    optional: bool


@dataclass(frozen=True)
class _PartResult:
    file_rows: dict[str, int]
    source_rows: dict[str, int]
    dirty: list[DirtyRow]


def generate(  # noqa: PLR0913 - the arguments of a world
    out: Path,
    *,
    users: int,
    events: int,
    days: int,
    seed: int,
    start: date = DEFAULT_START,
    file_format: FileFormat = "parquet",
    dirty_share: float = 0.0,
    optional: bool = False,
    part_blocks: int = DEFAULT_PART_BLOCKS,
    workers: int | None = None,
) -> WorldSummary:
    """Write a simulated shop with known truth and return what was written.

    About `events` events (within a few per cent) of exactly `users` users over `days` Shanghai calendar days from
    `start`. Files are `<source>.<format>`, or `<source>-0001.<format>` and so on when there is more than one part of
    `part_blocks` x 8192 users. Equal arguments give equal rows in equal order; `part_blocks` and `workers` (processes,
    default one per core) only decide how they are spread over files and time. `dirty_share` adds that share of broken
    rows, listed in `truth/dirty_rows.parquet`; `optional` writes the sources of `optional_rows.py` to `optional/`.

    Raises ValueError for arguments that make no world and FileExistsError when the folder already holds files.
    """
    task = _Task(Path(out), users, events, days, seed, start, file_format, dirty_share, part_blocks, optional)
    _check(task)
    for folder in ("truth", "optional") if optional else ("truth",):
        (task.out / folder).mkdir(parents=True, exist_ok=True)
    world, _ = _world(task)
    parts = -(-world.blocks // part_blocks)
    processes = min(workers or cpu_count() or 1, parts)
    if processes == 1:
        results = [_write_part(task, part) for part in range(parts)]
    else:
        # Spawned, not forked: pyarrow's threads do not survive a fork.
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            results = list(pool.map(_write_part, [task] * parts, range(parts)))
    results.append(_write_shared(task, world))
    return _summary(task, results)


def _check(task: _Task) -> None:
    if task.users < 1 or task.days < LEAST_DAYS or not 0 <= task.dirty_share < 1 or task.part_blocks < 1:
        msg = (
            f"users={task.users}, days={task.days}, dirty_share={task.dirty_share}, part_blocks={task.part_blocks}: "
            f"needs at least 1 user, {LEAST_DAYS} days, a share from 0 to below 1 and 1 block per part"
        )
        raise ValueError(msg)
    if task.file_format not in ("parquet", "csv"):
        msg = f"file_format={task.file_format!r}: choose 'parquet' or 'csv'"
        raise ValueError(msg)
    if task.out.exists() and any(task.out.iterdir()):
        msg = f"{task.out} already holds files: choose an empty or a new folder"
        raise FileExistsError(msg)


@lru_cache(maxsize=1)
def _cached_world(users: int, events: int, days: int, seed: int, start: date) -> tuple[WorldModel, float]:
    world = build_model(users=users, days=days, seed=seed, start=start)
    return world, mean_extra_events(world, live_block(world, 0), events)


def _world(task: _Task) -> tuple[WorldModel, float]:
    return _cached_world(task.users, task.events, task.days, task.seed, task.start)


def block_tables(world: WorldModel, life: BlockLife, *, block: int, extra_mean: float) -> dict[str, pa.Table]:
    """Return the rows of a block of users by source (products apart, which belong to no user)."""
    plan = plan_visits(world, life, block=block, extra_mean=extra_mean)
    basket = choose_baskets(world, life, block=block)
    outside = outside_events(world, life, plan, basket, block=block)
    events, tail = event_rows(world, life, plan, block=block, funnel_product=basket.product, outside=outside)
    orders = place_orders(world, life, basket, tail, block=block)
    lines = fill_orders(world, life, basket, orders, block=block)
    order_rows, line_rows = order_tables(world, life, orders, lines, block=block)
    return {
        "users": user_table(world, life, plan, block=block),
        "events": events,
        "orders": order_rows,
        "order_items": line_rows,
        "feedback": feedback_table(world, life, orders, lines, block=block),
    }


def _write_part(task: _Task, part: int) -> _PartResult:
    world, extra_mean = _world(task)
    suffix = f"-{part + 1:04d}" if world.blocks > task.part_blocks else ""
    names = {source: f"{source}{suffix}.{task.file_format}" for source in SOURCES if source != "products"}
    truths = ["truth/users", "truth/probabilities", "truth/campaign_effects"]
    names |= {name: f"{name}{suffix}.parquet" for name in truths + ["optional/campaign_contacts"] * task.optional}
    dirty: list[DirtyRow] = []
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(TableWriter(task.out / path, "parquet" if "/" in name else task.file_format))
            for name, path in names.items()
        }
        for block in range(part * task.part_blocks, min((part + 1) * task.part_blocks, world.blocks)):
            life = live_block(world, block)
            for source, table in block_tables(world, life, block=block, extra_mean=extra_mean).items():
                dirty += _write(task, world, writers[source], table, source=source, block=block)
            writers["truth/users"].write(user_truth(world, life))
            writers["truth/probabilities"].write(probability_truth(world, life))
            writers["truth/campaign_effects"].write(campaign_truth(world, life))
            if task.optional:
                writers["optional/campaign_contacts"].write(contact_table(world, life))
    records = {name: writer.records for name, writer in writers.items()}
    return _PartResult(
        {names[name]: count for name, count in records.items()},
        {source: records[source] for source in SOURCES if source in records},
        dirty,
    )


def _write(
    task: _Task, world: WorldModel, writer: TableWriter, table: pa.Table, *, source: str, block: int
) -> list[DirtyRow]:
    if task.dirty_share == 0:
        writer.write(table)
        return []
    return write_dirty(
        world, writer, table, source=source, block=block, share=task.dirty_share, file_format=task.file_format
    )


def _write_shared(task: _Task, world: WorldModel) -> _PartResult:
    with TableWriter(task.out / f"products.{task.file_format}", task.file_format) as writer:
        dirty = _write(task, world, writer, product_table(world), source="products", block=0)
    rows = {writer.path.name: writer.records}
    shared = {"truth": shared_truth(world)} | ({"optional": shared_optional(world)} if task.optional else {})
    for folder, tables in shared.items():
        for name, table in tables.items():
            with TableWriter(task.out / folder / f"{name}.parquet", "parquet") as file:
                file.write(table)
            rows[f"{folder}/{name}.parquet"] = len(table)
    return _PartResult(rows, {"products": writer.records}, dirty)


def _summary(task: _Task, results: list[_PartResult]) -> WorldSummary:
    dirty = [row for result in results for row in result.dirty]
    file_rows: dict[str, int] = {}
    source_rows: Counter[str] = Counter()
    for result in results:
        file_rows |= result.file_rows
        source_rows.update(result.source_rows)
    fields = {"source": pa.string(), "file": pa.string(), "record_number": pa.int64(), "kind": pa.string()}
    schema = pa.schema([*fields.items(), ("identifier", pa.string())])
    with TableWriter(task.out / "truth" / "dirty_rows.parquet", "parquet") as writer:
        writer.write(pa.Table.from_pylist([vars(row) for row in dirty], schema=schema))
    file_rows["truth/dirty_rows.parquet"] = len(dirty)
    return WorldSummary(task.out, dict(source_rows), file_rows, dict(Counter(row.kind for row in dirty)))


__all__ = ["BLOCK_USERS", "SOURCES", "WorldSummary", "block_tables", "generate"]
