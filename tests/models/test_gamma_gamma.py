"""Gamma-Gamma: likelihood against a slow twin, planted parameters recovered, shrinkage the right way."""

from math import exp, log

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import check_grad
from scipy.stats import gamma

from models.gamma_gamma import GammaGamma, log_likelihood
from models.likelihood import FitFailedError

P, Q, V = 4.0, 3.5, 60.0


def simulate(customers, seed):
    """Simulated: rate ~ Gamma(q, v), each purchase ~ Gamma(p, rate)."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(Q, 1 / V, customers)
    purchases = 1 + rng.poisson(3.0, customers)
    return purchases.astype(float), rng.gamma(P * purchases, 1 / rate) / purchases


@pytest.mark.parametrize("x,m", [(1.0, 50.0), (5.0, 90.0)])
def test_likelihood_agrees_with_numerical_integration(x, m):
    # the mean of x purchases is Gamma(p x, rate x)
    density = quad(lambda rate: gamma.pdf(m, P * x, scale=1 / (rate * x)) * gamma.pdf(rate, Q, scale=1 / V), 1e-6, 2)[0]
    value, _ = log_likelihood(np.array([P, Q, V]), np.array([x]), mean_spend=np.array([m]))
    assert exp(value) == pytest.approx(density, rel=1e-4)
    assert value == pytest.approx(log(density), abs=1e-4)


def test_gradient_is_the_derivative():
    x, m = simulate(200, seed=1)
    at = np.array([2.0, 3.0, 40.0])
    error = check_grad(
        lambda p: log_likelihood(p, x, mean_spend=m)[0], lambda p: log_likelihood(p, x, mean_spend=m)[1], at
    )
    assert error < 1e-3


def test_planted_parameters_are_recovered():
    model = GammaGamma.fit(*simulate(20_000, seed=2))
    assert model.p == pytest.approx(P, rel=0.1)
    assert model.q == pytest.approx(Q, rel=0.1)
    assert model.p * model.v / (model.q - 1) == pytest.approx(P * V / (Q - 1), rel=0.03)


def test_few_purchases_are_shrunk_more():
    model = GammaGamma(P, Q, V)
    population = P * V / (Q - 1)
    once, often = model.expected_spend(np.array([1.0, 50.0]), np.array([300.0, 300.0]))
    assert population < once < often < 300
    assert model.expected_spend(np.zeros(1), np.zeros(1))[0] == pytest.approx(population)


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="1 of 30 customers have no purchase or no positive"):
        GammaGamma.fit(np.ones(30), np.r_[0.0, np.ones(29)])
    with pytest.raises(FitFailedError, match="5 customers with spend"):
        GammaGamma.fit(np.ones(5), np.ones(5))
    with pytest.raises(ValueError, match="finite"):
        GammaGamma(P, Q, V).expected_spend(np.ones(1), np.array([np.nan]))
