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
from typing import Self

import pyarrow as pa

from pipelines.world.arrival import split_by_arrival
from pipelines.world.behaviour import BlockLife, live_block
from pipelines.world.deliveries import join_days
from pipelines.world.dirt import DirtyRow, write_dirty
from pipelines.world.errors import WorldError
from pipelines.world.events import event_rows, mean_extra_events, plan_visits
from pipelines.world.feedback import feedback_table
from pipelines.world.model import WorldModel, build_model
from pipelines.world.optional_rows import contact_table, redemption_table, shared_optional
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
    last_days: int


@dataclass(frozen=True)
class _PartResult:
    file_rows: dict[str, int]
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
    last_days: int = 0,
    part_blocks: int = DEFAULT_PART_BLOCKS,
    workers: int | None = None,
) -> WorldSummary:
    """Write a simulated shop with known truth and return what was written.

    About `events` events (within a few per cent) of exactly `users` users over `days` Shanghai calendar days from
    `start`. Files are `<source>.<format>`, or `<source>-0001.<format>` and so on when there is more than one part of
    `part_blocks` x 8192 users. Equal arguments give equal rows in equal order; `part_blocks` and `workers` (processes,
    default one per core) only decide how they are spread over files and time. `dirty_share` adds that share of broken
    rows, listed in `truth/dirty_rows.parquet`; `optional` writes the sources of `optional_rows.py` to `optional/`.
    With `last_days` the sources go to `history/`, and the rows that arrive on each of the last days to `days/<date>/`;
    an order that changes in them then also arrives on its own day as it was when paid.

    Raises WorldError for arguments that make no world and FileExistsError when the folder already holds files.
    """
    task = _Task(
        Path(out), users, events, days, seed, start, file_format, dirty_share, part_blocks, optional, last_days
    )
    _check(task)
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
    wrong = (
        task.users < 1
        or task.days < LEAST_DAYS
        or not 0 <= task.dirty_share < 1
        or task.part_blocks < 1
        or not 0 <= task.last_days < task.days
    )
    if wrong:
        msg = (
            f"users={task.users}, days={task.days}, dirty_share={task.dirty_share}, part_blocks={task.part_blocks}, "
            f"last_days={task.last_days}: needs at least 1 user, {LEAST_DAYS} days, a share from 0 to below 1, 1 block "
            f"per part and fewer last days than days"
        )
        raise WorldError(msg)
    if task.file_format not in ("parquet", "csv"):
        msg = f"file_format={task.file_format!r}: choose 'parquet' or 'csv'"
        raise WorldError(msg)
    if task.out.exists() and any(task.out.iterdir()):
        msg = f"{task.out} already holds files: choose an empty or a new folder"
        raise FileExistsError(msg)


@lru_cache(maxsize=1)
def _cached_world(users: int, events: int, days: int, seed: int, start: date) -> tuple[WorldModel, float]:
    world = build_model(users=users, days=days, seed=seed, start=start)
    pilot = live_block(world, 0)
    plan = plan_visits(world, pilot, block=0, extra_mean=1.0)
    outside = outside_events(world, pilot, plan, choose_baskets(world, pilot, block=0), block=0)
    # The last table is of visitors who are not signed in: their share of all events is part of the model.
    signed_in = sum(len(table) for table in outside[:-1])
    return world, mean_extra_events(world, pilot, events=events, outside=signed_in)


def _world(task: _Task) -> tuple[WorldModel, float]:
    return _cached_world(task.users, task.events, task.days, task.seed, task.start)


def block_tables(
    world: WorldModel, life: BlockLife, *, block: int, extra_mean: float, last_days: int = 0
) -> dict[str, pa.Table]:
    """Return the rows of a block of users by source (products apart, which belong to no user)."""
    plan = plan_visits(world, life, block=block, extra_mean=extra_mean)
    basket = choose_baskets(world, life, block=block)
    outside = outside_events(world, life, plan, basket, block=block)
    events, tail = event_rows(world, life, plan, block=block, funnel_product=basket.product, outside=outside)
    orders = place_orders(world, life, basket, tail, block=block)
    lines = fill_orders(world, life, basket, orders, block=block)
    order_rows, line_rows = order_tables(world, life, orders, lines, block=block, last_days=last_days)
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
    dirty: list[DirtyRow] = []
    with _Files(task, suffix) as files:
        for block in range(part * task.part_blocks, min((part + 1) * task.part_blocks, world.blocks)):
            life = live_block(world, block)
            tables = block_tables(world, life, block=block, extra_mean=extra_mean, last_days=task.last_days)
            if task.last_days:
                for source, pieces in split_by_arrival(world, tables, last_days=task.last_days).items():
                    for day, piece in pieces:
                        folder = "history" if day is None else f"days/{world.date_of(day)}"
                        writer = files.of(source, folder)
                        dirty += _write(task, world, writer, piece, source=source, block=block, clean=day is not None)
            else:
                for source, table in tables.items():
                    dirty += _write(task, world, files.of(source, "."), table, source=source, block=block)
            files.of("users", "truth").write(user_truth(world, life))
            files.of("probabilities", "truth").write(probability_truth(world, life))
            files.of("campaign_effects", "truth").write(campaign_truth(world, life))
            if task.optional:
                files.of("campaign_contacts", "optional").write(contact_table(world, life))
                files.of("coupon_redemptions", "optional").write(redemption_table(tables["orders"]))
    return _PartResult(files.records(), dirty)


class _Files:
    """The open files of a part, each opened when first asked for and closed together."""

    def __init__(self, task: _Task, suffix: str) -> None:
        self._task = task
        self._suffix = suffix
        self._stack = ExitStack()
        self._writers: dict[str, TableWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def of(self, name: str, folder: str) -> TableWriter:
        """Return the writer of a source or table below a folder; truth and optional tables are always Parquet."""
        file_format = "parquet" if folder in ("truth", "optional") else self._task.file_format
        path = Path(folder) / f"{name}{self._suffix}.{file_format}"
        if path.as_posix() not in self._writers:
            (self._task.out / folder).mkdir(parents=True, exist_ok=True)
            writer = self._stack.enter_context(TableWriter(self._task.out / path, file_format))
            self._writers[path.as_posix()] = writer
        return self._writers[path.as_posix()]

    def records(self) -> dict[str, int]:
        """Return the records of each file by its path below the world's folder."""
        return {path: writer.records for path, writer in self._writers.items()}


def _write(
    task: _Task,
    world: WorldModel,
    writer: TableWriter,
    table: pa.Table,
    *,
    source: str,
    block: int,
    clean: bool = False,
) -> list[DirtyRow]:
    if clean or task.dirty_share == 0:
        writer.write(table)
        return []
    return write_dirty(
        world, writer, table, source=source, block=block, share=task.dirty_share, file_format=task.file_format
    )


def _write_shared(task: _Task, world: WorldModel) -> _PartResult:
    with _Files(task, "") as files:
        products = files.of("products", "history" if task.last_days else ".")
        dirty = _write(task, world, products, product_table(world), source="products", block=0)
        for name, table in shared_truth(world).items():
            files.of(name, "truth").write(table)
        for name, table in shared_optional(world).items() if task.optional else ():
            files.of(name, "optional").write(table)
    return _PartResult(files.records(), dirty)


def _summary(task: _Task, results: list[_PartResult]) -> WorldSummary:
    dirty = [row for result in results for row in result.dirty]
    fields = {"source": pa.string(), "file": pa.string(), "record_number": pa.int64(), "kind": pa.string()}
    schema = pa.schema([*fields.items(), ("identifier", pa.string())])
    with _Files(task, "") as files:
        files.of("dirty_rows", "truth").write(pa.Table.from_pylist([vars(row) for row in dirty], schema=schema))
    file_rows: dict[str, int] = {}
    for records in (*(result.file_rows for result in results), files.records()):
        file_rows |= records
    days = join_days(task.out, file_rows, task.file_format)
    file_rows = {path: count for path, count in file_rows.items() if not path.startswith("days/")} | days
    rows: dict[str, int] = dict.fromkeys(SOURCES, 0)
    for path, count in file_rows.items():
        if not path.startswith(("truth/", "optional/")):
            rows[Path(path).name.split("-")[0].split(".")[0]] += count
    return WorldSummary(task.out, rows, file_rows, dict(Counter(row.kind for row in dirty)))


__all__ = ["BLOCK_USERS", "SOURCES", "WorldSummary", "block_tables", "generate"]
