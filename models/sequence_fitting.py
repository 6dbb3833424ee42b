"""Fitting of the recurrent network: the only module that imports torch (the optional extra `sequence`).

Belongs here: gradients and when to stop. Does not belong here: the estimator and its scoring (`sequence.py`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np

from models.sequence_days import PaddedDays

LEFT_OUT = "sequence model left out: extra not installed (pip install 'trellis-growth[sequence]')"
_LEAST_GAIN = 1e-4  # of log loss; less is noise
_NAMES = {
    "input": "recurrent.weight_ih_l0",
    "recurrent": "recurrent.weight_hh_l0",
    "input_bias": "recurrent.bias_ih_l0",
    "recurrent_bias": "recurrent.bias_hh_l0",
}


def is_installed() -> bool:
    """Whether torch can be imported; it is not imported for the answer."""
    return find_spec("torch") is not None


def train(
    days: PaddedDays,
    target: np.ndarray,
    *,
    settings: Mapping[str, Any],
    stopping: tuple[np.ndarray, np.ndarray] | None,
    start: Mapping[str, np.ndarray] | None,
) -> tuple[dict[str, np.ndarray], int]:
    """Weights as arrays, and the passes made before the last.

    `days` standardised, `target` 0/1 (n,). `stopping`: masks (n,) of the rows read until the loss on the others stops falling.
    The same rows and seed give the same weights: one thread, deterministic algorithms, batches from numpy's generator.
    """
    import torch  # pyright: ignore[reportMissingImports] an optional extra

    with _deterministic(torch, seed=settings["random_state"]):
        network = _network(torch, days.values.shape[2], settings["hidden_size"])
        _set_level(torch, network, target) if start is None else _load(torch, network, start)
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=settings["learning_rate"], weight_decay=settings["weight_decay"]
        )
        order = np.random.default_rng(settings["random_state"])
        data = (torch.from_numpy(days.values), torch.from_numpy(target.astype(np.float32)))

        def one_pass(rows: np.ndarray) -> None:
            for batch in _batches(rows, days.lengths, settings["batch_size"], order):
                optimiser.zero_grad()
                loss = _loss(torch, network, data, batch, days.lengths)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()

        everyone = np.arange(len(days))
        if stopping is None:
            for _ in range(settings["passes_at_most"]):
                one_pass(everyone)
            return _arrays(network), settings["passes_at_most"]
        read, deciding = (np.flatnonzero(mask) for mask in stopping)
        best, kept, passes = (
            _mean_loss(torch, network, data, deciding, days.lengths),
            copy.deepcopy(network.state_dict()),
            0,
        )
        for number in range(1, settings["passes_at_most"] + 1):
            one_pass(read)
            found = _mean_loss(torch, network, data, deciding, days.lengths)
            if found < best - _LEAST_GAIN:
                best, kept, passes = found, copy.deepcopy(network.state_dict()), number
            elif number - passes >= settings["patience"]:
                break
        network.load_state_dict(kept)
        one_pass(everyone)
        return _arrays(network), passes


@contextmanager
def _deterministic(torch: Any, *, seed: int) -> Iterator[None]:
    threads, was = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")  # as use_deterministic_algorithms, which also loads torch's compiler
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_deterministic_debug_mode(was)
        torch.set_num_threads(threads)


def _network(torch: Any, channels: int, hidden_size: int) -> Any:
    parts = {
        "recurrent": torch.nn.GRU(channels, hidden_size, batch_first=True),
        "readout": torch.nn.Linear(hidden_size, 1),
    }
    return torch.nn.ModuleDict(parts)


def _set_level(torch: Any, network: Any, target: np.ndarray) -> None:
    """Begin at the share of positives, which the first batches would otherwise have to learn."""
    share = float(np.clip(target.mean(), 1e-4, 1 - 1e-4))
    with torch.no_grad():
        network["readout"].bias.fill_(float(np.log(share / (1 - share))))


def _load(torch: Any, network: Any, weights: Mapping[str, np.ndarray]) -> None:
    state = {name: torch.from_numpy(weights[own].copy()) for own, name in _NAMES.items()}
    state["readout.weight"] = torch.from_numpy(weights["readout"][None, :].copy())
    state["readout.bias"] = torch.from_numpy(weights["readout_bias"].copy())
    network.load_state_dict(state)


def _arrays(network: Any) -> dict[str, np.ndarray]:
    state = {name: tensor.detach().numpy().copy() for name, tensor in network.state_dict().items()}
    found = {own: state[name] for own, name in _NAMES.items()}
    return {**found, "readout": state["readout.weight"][0], "readout_bias": state["readout.bias"]}


def _batches(
    rows: np.ndarray, lengths: np.ndarray, batch_size: int, order: np.random.Generator
) -> Iterator[np.ndarray]:
    """Batches of rows of like length, in random order: a short history is not padded to the longest."""
    mixed = order.permutation(rows)
    for start in range(0, len(mixed), 16 * batch_size):
        several = mixed[start : start + 16 * batch_size]
        like = several[np.argsort(lengths[several], kind="stable")]
        cuts = order.permutation(np.arange(0, len(like), batch_size))
        yield from (like[cut : cut + batch_size] for cut in cuts)


def _score(torch: Any, network: Any, values: Any, lengths: np.ndarray) -> Any:
    longest = max(1, int(lengths.max(initial=0)))
    states, _ = network["recurrent"](values[:, :longest])
    last = torch.from_numpy(np.maximum(lengths - 1, 0))
    state = states[torch.arange(len(lengths)), last] * torch.from_numpy((lengths > 0).astype(np.float32))[:, None]
    return network["readout"](state)[:, 0]


def _loss(torch: Any, network: Any, data: tuple[Any, Any], batch: np.ndarray, lengths: np.ndarray) -> Any:
    rows = torch.from_numpy(batch)
    score = _score(torch, network, data[0][rows], lengths[batch])
    return torch.nn.functional.binary_cross_entropy_with_logits(score, data[1][rows])


def _mean_loss(torch: Any, network: Any, data: tuple[Any, Any], rows: np.ndarray, lengths: np.ndarray) -> float:
    like = rows[np.argsort(lengths[rows], kind="stable")]
    with torch.no_grad():
        parts = [like[start : start + 1024] for start in range(0, len(like), 1024)]
        return sum(float(_loss(torch, network, data, part, lengths)) * len(part) for part in parts) / len(rows)
