"""Growth reports for analysts: `with open_analytics("data") as shop: shop.funnel("purchase")`; each answer says what it means.

Reads the warehouse, never writes it. Pure computations belong to `models/`, tables of every run to `sql/report/`.
"""

from assets.analytics.report import AnalysisError, Report
from assets.analytics.shop import Shop, open_analytics

__all__ = ["AnalysisError", "Report", "Shop", "open_analytics"]
