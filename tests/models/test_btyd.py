"""MBG/NBD: likelihood against a slow twin, planted parameters recovered, probabilities against simulation, no junk."""

from math import exp, log

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.special import betaln, gammaln, hyp2f1
from scipy.stats import beta, gamma

from models.btyd import MBGNBD, PurchaseHistories, _beta_quadrature, log_likelihood
from models.likelihood import FitFailedError

R, ALPHA, A, B = 1.2, 15.0, 0.8, 3.0


def simulate(customers: int, seed: int, *, horizon: int = 0):
    """Simulated customers: exponential gaps, drop-out after every purchase (the first included); times continuous."""
    rng = np.random.default_rng(seed)
    rate, quit_chance = rng.gamma(R, 1 / ALPHA, customers), rng.beta(A, B, customers)
    T = rng.integers(60, 365, customers).astype(float)
    x, last, future = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    for customer in range(customers):
        time, alive = 0.0, rng.random() > quit_chance[customer]
        while alive:
            time += rng.exponential(1 / rate[customer])
            if time >= T[customer] + horizon:
                break
            if time < T[customer]:
                x[customer] += 1
                last[customer] = time
            else:
                future[customer] += 1
            alive = rng.random() > quit_chance[customer]
    return x, last, T, future


def slow_likelihood(x, t_x, T, parts=(1.0, 1.0)):
    """Twin: one customer's likelihood averaged over a fine grid of the quantiles of the two mixing distributions.

    `parts` weighs the histories that end alive and those that end dropped out.
    """
    grid = (np.arange(2_000) + 0.5) / 2_000
    rate = gamma.ppf(grid, R, scale=1 / ALPHA)[:, None]
    p = beta.ppf(grid, A, B)[None, :]
    alive = (1 - p) ** (x + 1) * rate**x * np.exp(-rate * T)
    dead = p * (1 - p) ** x * rate**x * np.exp(-rate * t_x)
    return (parts[0] * alive + parts[1] * dead).mean()


@pytest.mark.parametrize("history", [(0, 0.0, 30.0), (1, 12.0, 80.0), (6, 55.0, 60.0)])
def test_likelihood_agrees_with_numerical_integration(history):
    x, t_x, T = (np.array([part]) for part in history)
    value, _ = log_likelihood(np.array([R, ALPHA, A, B]), PurchaseHistories(x, t_x, T, np.ones(1)))
    assert value == pytest.approx(log(slow_likelihood(*history)), abs=2e-3)


@pytest.mark.parametrize("history", [(0, 0.0, 30.0), (1, 12.0, 80.0), (6, 55.0, 60.0)])
def test_probability_alive_agrees_with_numerical_integration(history):
    x, t_x, T = history
    alive = slow_likelihood(x, t_x, T, parts=(1.0, 0.0)) / slow_likelihood(x, t_x, T)
    arrays = (np.array([float(part)]) for part in history)
    frequency, recency, age = arrays
    assert MBGNBD(R, ALPHA, A, B).probability_alive(frequency, recency, T=age)[0] == pytest.approx(alive, abs=2e-3)


def test_likelihood_agrees_with_a_scalar_twin_on_grouped_histories():
    x, t_x, T, _ = simulate(200, seed=1)
    t_x = np.where(x > 0, np.maximum(1, t_x.round()), 0)
    histories = PurchaseHistories.from_customers(x, t_x, T=T)
    total = 0.0
    for xi, ti, Ti in zip(x, t_x, T, strict=True):
        shared = gammaln(R + xi) - gammaln(R) + R * log(ALPHA) - betaln(A, B)
        alive = exp(betaln(A, B + xi + 1) - (R + xi) * log(ALPHA + Ti))
        dead = exp(betaln(A + 1, B + xi) - (R + xi) * log(ALPHA + ti))
        total += shared + log(alive + dead)
    assert log_likelihood(np.array([R, ALPHA, A, B]), histories)[0] == pytest.approx(total)
    assert histories.customers.sum() == 200
    assert len(histories.T) < 200


def test_gradient_is_the_derivative():
    x, t_x, T, _ = simulate(300, seed=2)
    histories = PurchaseHistories.from_customers(x, t_x, T=T)
    at = np.array([0.7, 20.0, 0.4, 2.0])
    error = check_grad(
        lambda p: log_likelihood(p, histories)[0], lambda p: log_likelihood(p, histories)[1], at, epsilon=1e-6
    )
    assert error < 1e-4 * np.abs(log_likelihood(at, histories)[1]).max()


def test_planted_parameters_are_recovered():
    x, t_x, T, _ = simulate(15_000, seed=3)
    model = MBGNBD.fit(x, t_x, T=T)
    assert model.r == pytest.approx(R, rel=0.1)
    assert model.alpha == pytest.approx(ALPHA, rel=0.1)
    assert model.a / (model.a + model.b) == pytest.approx(A / (A + B), rel=0.1)


def test_predictions_hold_on_simulated_futures():
    x, t_x, T, future = simulate(15_000, seed=4, horizon=60)
    model = MBGNBD(R, ALPHA, A, B)
    probability = model.probability_purchase(60, x, recency=t_x, T=T)
    expected = model.expected_purchases(60, x, recency=t_x, T=T)
    # five standard errors of the mean of 15,000 customers
    assert probability.mean() == pytest.approx((future > 0).mean(), abs=5 * 0.5 / np.sqrt(15_000))
    assert expected.mean() == pytest.approx(future.mean(), abs=5 * future.std() / np.sqrt(15_000))
    busiest = probability > np.quantile(probability, 0.9)
    assert probability[busiest].mean() == pytest.approx((future[busiest] > 0).mean(), abs=5 * 0.5 / np.sqrt(1_500))


def test_expected_purchases_agree_with_the_textbook_formula():
    """Closed form with a hypergeometric function, valid for a > 1 (derived from the same integral)."""
    model = MBGNBD(1.2, 15.0, 1.7, 3.0)
    x, t_x, T, horizon = 4.0, 50.0, 90.0, 45.0
    b, power = model.b + x + 1, model.r + x
    # mean of 1/p under Beta(a, b) is (a+b-1)/(a-1); the mean of (1 + p z)^-power / p needs 2F1
    z = horizon / (model.alpha + T)
    total = model.a + b - 1
    closed = total / (model.a - 1) * (1 - hyp2f1(power, model.a - 1, total, -z))
    arrays = np.array([x]), np.array([t_x]), np.array([T])
    alive = model.probability_alive(arrays[0], arrays[1], T=arrays[2])
    found = model.expected_purchases(horizon, arrays[0], recency=arrays[1], T=arrays[2])
    assert found == pytest.approx(closed * alive, rel=1e-8)


@pytest.mark.parametrize("a,b", [(0.01, 3.0), (0.5, 0.5), (1.0, 1.0), (2.5, 1_500.0)])
def test_quadrature_integrates_polynomials_exactly(a, b):
    node, weight = _beta_quadrature(a, b)
    assert weight.sum() == pytest.approx(1.0)
    assert weight @ node == pytest.approx(a / (a + b), rel=1e-6)
    assert weight @ node**2 == pytest.approx(a * (a + 1) / ((a + b) * (a + b + 1)), rel=1e-6)


def test_a_one_time_buyer_fades():
    """BG/NBD calls a one-time buyer alive for ever; here time alone lowers the chance."""
    model = MBGNBD(R, ALPHA, A, B)
    zero, T = np.zeros(3), np.array([1.0, 100.0, 1000.0])
    alive = model.probability_alive(zero, zero, T=T)
    assert (np.diff(alive) < 0).all()
    assert (np.diff(model.probability_purchase(28, zero, recency=zero, T=T)) < 0).all()
    assert alive[0] < 1.0


def test_degenerate_data_give_finite_answers_or_a_documented_failure():
    x = np.repeat([5.0, 6.0, 7.0], 50)  # nobody ever drops out: the likelihood is flat in a and b
    T = np.full(150, 70.0)
    model = MBGNBD.fit(x, T - 1, T=T)
    assert np.isfinite(model.expected_purchases(90, x, recency=T - 1, T=T)).all()
    with pytest.raises(FitFailedError, match="150 customers, 0 with a repeat purchase"):
        MBGNBD.fit(np.zeros(150), np.zeros(150), T=T)
    with pytest.raises(FitFailedError, match="3 customers"):
        MBGNBD.fit(x[:3], T[:3] - 1, T=T[:3])


def test_impossible_histories_are_counted():
    with pytest.raises(ValueError, match="2 of 3 purchase histories are impossible"):
        MBGNBD.fit(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.0, 9.0]), T=np.array([5.0, 5.0, 5.0]))
