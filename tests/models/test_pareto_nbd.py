"""Pareto/NBD: published CDNOW figures, textbook formulas, a simulated future, no junk; MBG/NBD's published figures too.

`cdnow_sample.csv`: the 1/10 sample of CDNOW customers (2,357; calibration period of 39 weeks; frequency, recency and T in
weeks, equal triples counted) that Fader & Hardie published with "A note on deriving the Pareto/NBD model" (2005) and that
every paper on these models reports. Published: Pareto/NBD r .553, alpha 10.580, s .606, beta 11.656, log likelihood -9594.98
(ibid.); MBG/NBD r .525, alpha 6.183, a .891, b 1.614 (Wagner & Hoppe 2008, erratum to Batislam et al. 2007).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad
from scipy.special import hyp2f1

from models import btyd, pareto_nbd
from models.btyd import MBGNBD, PurchaseHistories
from models.likelihood import FitFailedError
from models.pareto_nbd import ParetoNBD

R, ALPHA, S, BETA = 1.2, 15.0, 0.8, 60.0


@pytest.fixture(scope="module")
def cdnow():
    rows = pd.read_csv(Path(__file__).parent / "cdnow_sample.csv")
    return PurchaseHistories(*(rows[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T", "customers")))


def customers(histories):
    """x, t_x, T with one entry per customer."""
    parts = (histories.frequency, histories.recency, histories.T)
    return [np.repeat(part, histories.customers.astype(int)) for part in parts]


def test_published_likelihood_is_met(cdnow):
    assert cdnow.customers.sum() == 2357
    value, _ = pareto_nbd.log_likelihood(np.array([0.553, 10.580, 0.606, 11.656]), cdnow)
    assert value == pytest.approx(-9594.98, abs=0.01)


def test_published_parameters_are_found(cdnow):
    x, last, T = customers(cdnow)
    model = ParetoNBD.fit(x, last, T=T)
    assert (model.r, model.alpha) == pytest.approx((0.553, 10.580), rel=0.005)
    # the likelihood is flat along s and beta: 0.0006 below the maximum for 2 % of beta
    assert (model.s, model.beta) == pytest.approx((0.606, 11.656), rel=0.03)
    assert model.s / model.beta == pytest.approx(0.606 / 11.656, rel=0.01)
    found, _ = pareto_nbd.log_likelihood(np.array([model.r, model.alpha, model.s, model.beta]), cdnow)
    assert found >= -9594.98


def test_published_parameters_of_mbg_nbd_are_found(cdnow):
    x, last, T = customers(cdnow)
    model = MBGNBD.fit(x, last, T=T)
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx((0.525, 6.183, 0.891, 1.614), rel=0.01)
    published, _ = btyd.log_likelihood(np.array([0.525, 6.183, 0.891, 1.614]), cdnow)
    found, _ = btyd.log_likelihood(np.array([model.r, model.alpha, model.a, model.b]), cdnow)
    assert found == pytest.approx(published, abs=0.01)


@pytest.mark.parametrize("alpha,beta", [(15.0, 60.0), (60.0, 15.0), (15.0, 15.0)])
@pytest.mark.parametrize("history", [(0, 0.0, 30.0), (1, 12.0, 80.0), (6, 55.0, 60.0), (40, 300.0, 360.0)])
def test_probability_alive_is_the_textbooks(history, alpha, beta):
    """Fader & Hardie (2005), eq. (A13) with the hypergeometric A0 for either order of alpha and beta."""
    x, last, T = history
    larger, shape = max(alpha, beta), S + 1 if alpha >= beta else R + x
    power = R + S + x

    def tail(moment):
        series = hyp2f1(power, shape, power + 1, abs(alpha - beta) / (larger + moment))
        return series * ((larger + last) / (larger + moment)) ** power

    scale = (alpha + T) ** (R + x) * (beta + T) ** S / (larger + last) ** power
    textbook = 1 / (1 + S / power * scale * (tail(last) - tail(T)))
    arrays = (np.array([float(part)]) for part in history)
    frequency, recency, age = arrays
    assert ParetoNBD(R, alpha, S, beta).probability_alive(frequency, recency, T=age)[0] == pytest.approx(
        textbook, rel=1e-6
    )


def test_gradient_is_the_derivative(cdnow):
    at = np.array([0.7, 20.0, 0.4, 9.0])
    error = check_grad(
        lambda p: pareto_nbd.log_likelihood(p, cdnow)[0], lambda p: pareto_nbd.log_likelihood(p, cdnow)[1], at,
        epsilon=1e-6,
    )  # fmt: skip
    assert error < 1e-4 * np.abs(pareto_nbd.log_likelihood(at, cdnow)[1]).max()


def simulate(customers: int, seed: int, *, horizon: float):
    """Simulated: Poisson purchases until an exponential moment of drop-out; x, t_x, T and purchases in the horizon."""
    rng = np.random.default_rng(seed)
    rate, life = rng.gamma(R, 1 / ALPHA, customers), rng.exponential(1 / rng.gamma(S, 1 / BETA, customers))
    T = rng.integers(60, 365, customers).astype(float)
    lived, ahead = np.minimum(life, T), np.clip(life - T, 0, horizon)
    x = rng.poisson(rate * lived).astype(float)
    # the last of x uniform moments
    last = np.where(x > 0, lived * rng.random(customers) ** (1 / np.maximum(x, 1)), 0.0)
    return x, last, T, rng.poisson(rate * ahead)


def test_predictions_hold_on_simulated_futures():
    x, last, T, future = simulate(15_000, 4, horizon=60.0)
    model = ParetoNBD(R, ALPHA, S, BETA)
    probability = model.probability_purchase(60.0, x, recency=last, T=T)
    expected = model.expected_purchases(60.0, x, recency=last, T=T)
    # five standard errors of the mean
    assert probability.mean() == pytest.approx((future > 0).mean(), abs=5 * 0.5 / np.sqrt(15_000))
    assert expected.mean() == pytest.approx(future.mean(), abs=5 * future.std() / np.sqrt(15_000))
    for lively in (probability > np.quantile(probability, 0.9), probability < np.quantile(probability, 0.3)):
        error = 5 * 0.5 / np.sqrt(lively.sum())
        assert probability[lively].mean() == pytest.approx((future[lively] > 0).mean(), abs=error)


@pytest.mark.slow
def test_planted_parameters_are_recovered():
    x, last, T, _ = simulate(6_000, 3, horizon=1.0)
    # whole days make groups of equal histories
    last = np.where(x > 0, np.clip(np.ceil(last), 1, T), 0)
    model = ParetoNBD.fit(x, last, T=T)
    assert model.r == pytest.approx(R, rel=0.15)
    assert model.alpha == pytest.approx(ALPHA, rel=0.15)
    assert model.s / model.beta == pytest.approx(S / BETA, rel=0.2)


def test_expected_purchases_pass_through_the_removable_singularity():
    x, last, T = np.array([3.0]), np.array([40.0]), np.array([80.0])
    around = [
        ParetoNBD(R, ALPHA, s, BETA).expected_purchases(90.0, x, recency=last, T=T)[0] for s in (0.999, 1.0, 1.001)
    ]
    assert around[1] == pytest.approx((around[0] + around[2]) / 2, rel=1e-4)


def test_degenerate_data_give_finite_answers_or_a_documented_failure():
    x, T = np.repeat([5.0, 6.0, 7.0], 50), np.full(150, 70.0)  # nobody ever drops out, all bought on the last day
    model = ParetoNBD.fit(x, T, T=T)
    assert np.isfinite(model.expected_purchases(90, x, recency=T, T=T)).all()
    assert np.isfinite(model.probability_purchase(90, x, recency=T, T=T)).all()
    with pytest.raises(FitFailedError, match="150 customers, 0 with a repeat purchase"):
        ParetoNBD.fit(np.zeros(150), np.zeros(150), T=T)
