"""Training samples: a sample of users is described exactly as they are described within the whole shop."""

from datetime import date

import pandas as pd
import pytest

from assets.origins import training_samples
from tests.sql.point_in_time import open_shop
from tests.sql.random_shop import random_shop

ORIGINS = [date(2024, 2, 1), date(2024, 3, 1)]


@pytest.mark.parametrize("users_at_most", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_a_sample_is_a_part_of_the_whole(users_at_most):
    shop = random_shop(11)
    with open_shop(shop, seed=1) as warehouse:
        everybody = warehouse.count("core.users")
        whole = training_samples(warehouse, ORIGINS, 28, users_at_most=everybody)
        sample = training_samples(warehouse, ORIGINS, 28, users_at_most=users_at_most)
        chosen = warehouse.frame("select user_id from core.users order by md5(user_id)")["user_id"].head(users_at_most)
    assert 0 < len(sample) < len(whole)
    expected = whole[whole["user_id"].isin(chosen)].reset_index(drop=True)
    pd.testing.assert_frame_equal(sample, expected, check_dtype=False)
