"""Every notebook runs from top to bottom on a small simulated shop, and is kept without outputs."""

import os
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

NEEDS_THE_DEMO = {"what_does_a_new_customer_cost"}  # channels with ten buyers and costs; `make notebooks` runs it


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path):
    cells = nbformat.read(path, as_version=4).cells
    assert all(not cell.outputs and cell.execution_count is None for cell in cells if cell.cell_type == "code")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs(path, shop, monkeypatch):
    from nbclient import NotebookClient

    if path.stem in NEEDS_THE_DEMO:
        pytest.skip("asks about groups that a shop of 300 users does not have; `make notebooks` runs it on the demo")
    monkeypatch.setenv("TRELLIS_HOME", str(shop.home))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
