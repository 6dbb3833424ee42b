"""Rows predicted by blocks are those predicted at once."""

import numpy as np
import pytest

from models.blocks import BLOCK_ROWS, in_blocks


@pytest.mark.parametrize("rows", [0, 1, BLOCK_ROWS, BLOCK_ROWS + 1, 3 * BLOCK_ROWS - 1])
def test_every_row_is_predicted_once_in_its_place(rows):
    asked = []

    def predict(block):
        asked.append(len(block))
        return block[:, 0] * 2

    values = np.arange(2 * rows, dtype=float).reshape(rows, 2)
    assert in_blocks(predict, values).tolist() == (values[:, 0] * 2).tolist()
    assert sum(asked) == rows
    assert max(asked) <= BLOCK_ROWS
