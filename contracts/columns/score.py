"""Columns of what the models say: personas, clusters, propensities, values, model cards."""

from contracts.contract import Column

COLUMNS = (
    Column("recency_score", "INTEGER", "1-5 by quintile of recency_days, 5 = most recent."),
    Column("frequency_score", "INTEGER", "1-5 by quintile of orders_count, 5 = most orders."),
    Column("monetary_score", "INTEGER", "1-5 by quintile of net_amount_365d, 5 = most spent."),
    Column("persona", "VARCHAR", "RFM persona (champions ... lost)."),
    Column("persona_name_en", "VARCHAR", "Persona in English."),
    Column("persona_name_zh", "VARCHAR", "Persona in Chinese."),
    Column("reason_en", "VARCHAR", "Why, in English."),
    Column("reason_zh", "VARCHAR", "Why, in Chinese."),
    Column("cluster_id", "INTEGER", "Cluster, kept stable from run to run."),
    Column("cluster_name_en", "VARCHAR", "Name of the cluster in English."),
    Column("cluster_name_zh", "VARCHAR", "Name of the cluster in Chinese."),
    Column("cluster_version", "INTEGER", "Version of the clustering; a refit raises it."),
    Column(
        "outcome",
        "VARCHAR",
        "What is predicted: purchase, churn, reactivation (of users who lapsed); in cards also value.",
    ),
    Column("probability", "DOUBLE", "Calibrated probability of the outcome.", unit="probability"),
    Column("percentile", "DOUBLE", "Share of scored users with a probability at most this one.", unit="share"),
    Column("reason_codes", "VARCHAR[]", "Codes of the few drivers, strongest first."),
    Column("model_version", "VARCHAR", "Version of the model in the registry."),
    Column("expected_orders", "DOUBLE", "Expected paid orders in the horizon.", unit="count"),
    Column("expected_spend", "DOUBLE", "Expected net spend in the horizon.", unit="base currency"),
    Column(
        "is_tested", "BOOLEAN", "The forecast was judged on a later origin; false = extrapolated beyond the history."
    ),
    Column("expected_date", "DATE", "Median date of the next order, given one within horizon_days."),
    Column("lower_date", "DATE", "The next order comes no earlier with 90 %: lower end of the 80 % interval."),
    Column("upper_date", "DATE", "The next order comes no later with 90 %: upper end of the 80 % interval."),
    Column(
        "order_probability", "DOUBLE", "Probability by MBG/NBD of an order within horizon_days.", unit="probability"
    ),
    Column("product_rank", "INTEGER", "Place of the product in the user's list, from 1."),
    Column("recommendation_score", "DOUBLE", "Item-item score; 0 = a popular product that fills the list up."),
    Column("best_hour", "INTEGER", "Middle of the three hours on the shop's clock that reach the user best, 0-23."),
    Column("best_weekday", "INTEGER", "Weekday that reaches the user best, 1 = Monday."),
    Column("best_channel", "VARCHAR", "Channel that reaches the user best, as the source names it."),
    Column("evidence_source", "VARCHAR", "Whose activity mostly decided: user, persona or all."),
    Column("activities_count", "BIGINT", "Active events and orders of the user in the look-back.", unit="count"),
    Column("churn_window_days", "INTEGER", "Who was active in so many days before as_of can churn.", unit="days"),
    Column("interval_median_days", "DOUBLE", "Median days between a user's order days.", unit="days"),
    Column(
        "interval_p90_days", "DOUBLE", "90 % of the days between a user's order days are at most this.", unit="days"
    ),
    Column("training_date", "DATE", "The model knows nothing from this date on."),
    Column("test_as_of", "DATE", "Origin the model was tested on, later than all it was trained on."),
    Column("card", "VARCHAR", "The model card as JSON."),
    Column(
        "is_fallback",
        "BOOLEAN",
        "A rule stands in for a model of its own: too little data, labels that fail their audit, or a rule ranked better.",
    ),
    Column("auc", "DOUBLE", "Area under the ROC curve on the test origin."),
    Column("pr_auc", "DOUBLE", "Area under the precision-recall curve on the test origin."),
    Column("brier", "DOUBLE", "Brier score on the test origin."),
    Column("ece", "DOUBLE", "Expected calibration error, 10 equal-count bins."),
    Column("lift_top_decile", "DOUBLE", "Precision among the top 10 % over prevalence.", unit="ratio"),
    Column("prevalence", "DOUBLE", "Share of the test users with the outcome.", unit="share"),
    Column("recency_rule_auc", "DOUBLE", "AUC of ranking by recency alone, same users."),
    Column("origin", "VARCHAR", "Test origin of a backtest as ISO date; mean = average over its origins."),
    Column("predictor", "VARCHAR", "What predicted: model = what Trellis ships; the others are its baselines."),
    Column(
        "measure",
        "VARCHAR",
        "Which measure (auc, brier, ece, lift_at_10 ...); with _gain: by how much the model is better than the predictor.",
    ),
    Column("estimate", "DOUBLE", "Value of the measure; empty where it is not defined (one outcome only)."),
    Column("estimate_low", "DOUBLE", "Lower end of its 95 % interval (300 resamples of customers)."),
    Column("estimate_high", "DOUBLE", "Upper end of its 95 % interval."),
    Column(
        "curve",
        "VARCHAR",
        "reliability: predicted against observed share; gain, lift: what the best scores hold of all positives.",
    ),
    Column("bin", "INTEGER", "Number of the point on its curve, from 1."),
    Column("curve_x", "DOUBLE", "Mean predicted probability (reliability), share of users reached (gain, lift)."),
    Column(
        "curve_y",
        "DOUBLE",
        "Observed share (reliability), share of the positives reached (gain), that over the users' share (lift).",
    ),
    Column("feature", "VARCHAR", "Feature of the model; score = its probability."),
    Column(
        "psi",
        "DOUBLE",
        "Population stability index over the deciles of the model's newest training snapshot, and missing.",
    ),
    Column(
        "psi_chance", "DOUBLE", "Two samples of these sizes from one population stay below this in 99.9 % of cases."
    ),
    Column("drift_level", "VARCHAR", "stable below 0.10 (or within chance), watch below 0.25, act from there on."),
    Column(
        "promotion",
        "VARCHAR",
        "Why this model scores: took over, stays, promoted by the operator, nobody to compete with.",
    ),
    Column("candidate_days", "INTEGER", "A number of days ahead that could be predicted for.", unit="days"),
    Column("origin_date", "DATE", "Newest origin whose window of so many days is closed."),
    Column(
        "interval_share",
        "DOUBLE",
        "Share of the intervals between a user's order days that are at most so long.",
        unit="share",
    ),
    Column(
        "purchase_share",
        "DOUBLE",
        "Share of the users with an order before the origin who ordered in the window.",
        unit="share",
    ),
    Column(
        "silent_share",
        "DOUBLE",
        "Share of those with an order in two windows before the origin who did not order.",
        unit="share",
    ),
)
