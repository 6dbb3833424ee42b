"""Tables that Python writes: ledgers and keys in `bronze`, model outputs in `score`, and what is published.

Tables made by SQL declare their grain in their own file and take their columns from the dictionary.
"""

from contracts.contract import TableContract

TABLES: dict[str, TableContract] = {
    table.name: table
    for table in (
        TableContract(
            "bronze.file_ledger",
            "One row per landing file: records counted by a second parser = staged + rejected.",
            ("file_id", "landing_table"),
            (
                "file_id", "landing_table", "file_name", "file_format", "file_encoding", "bytes_count", "records_counted",
                "rows_staged", "rows_rejected", "received_at",
            ),
        ),
        TableContract(
            "bronze.row_ledger",
            "One row per landing file and contract: staged = loaded + updated + duplicate + excluded + quarantined.",
            ("file_id", "contract"),
            (
                "file_id", "contract", "contract_version", "fingerprint", "rows_staged", "rows_loaded", "rows_updated",
                "rows_duplicate", "rows_excluded", "rows_quarantined", "received_at",
            ),
        ),
        TableContract(
            "bronze.unit_files",
            "One row per file from which rows computed over every file were computed: none of them may go missing.",
            ("contract", "file_id"),
            ("contract", "file_id", "file_name"),
        ),
        TableContract(
            "bronze.moved_ids",
            "One row per contract and id whose versions lie on several dates: a table of one date looks for it on the others.",
            ("contract", "moved_id"),
            ("contract", "moved_id"),
        ),
        TableContract(
            "bronze.stale_users",
            "One row per table by user and user whose rows there are no longer right: a run builds them anew, then forgets them.",
            ("table_name", "user_key"),
            ("table_name", "user_key"),
        ),
        TableContract(
            "bronze.exclusions",
            "One row per file, contract and reason: landing rows that the mapping leaves out.",
            ("file_id", "contract", "reason"),
            ("file_id", "contract", "reason", "rows_count"),
        ),
        TableContract(
            "bronze.quarantine",
            "One row per refused record and contract: why, under which rules, and the record as it came.",
            ("file_id", "contract", "record_number", "raw_text"),
            (
                "file_id", "file_name", "contract", "contract_version", "record_number", "byte_offset", "reason", "raw_text",
                "received_at",
            ),
            nullable=("record_number", "byte_offset", "raw_text"),
        ),
        TableContract(
            "bronze.notices",
            "One row per thing a run noticed about its landing files.",
            ("file_name", "contract", "notice"),
            ("file_name", "contract", "notice", "received_at"),
        ),
        TableContract(
            "bronze.landing_columns",
            "One row per column ever seen in a landing table.",
            ("landing_table", "column_name"),
            ("landing_table", "column_name", "received_at"),
        ),
        TableContract(
            "bronze.user_keys",
            "One row per user or visitor id ever seen: the integer that stands for it.",
            ("user_key",),
            ("user_id", "user_key", "is_anonymous"),
        ),
        TableContract(
            "bronze.product_keys",
            "One row per product id ever seen: the integer that stands for it.",
            ("product_key",),
            ("product_id", "product_key"),
        ),
        TableContract(
            "bronze.home",
            "One row per thing the home remembers: mapping, time zone, currency, training anchor.",
            ("setting",),
            ("setting", "value"),
        ),
        TableContract(
            "core.horizons",
            "One row per horizon this home predicts for, with the churn window and why they were chosen.",
            ("horizon_days",),
            ("horizon_days", "churn_window_days", "interval_median_days", "interval_p90_days", "reason"),
            nullable=("interval_median_days", "interval_p90_days"),
        ),
        TableContract(
            "score.user_persona",
            "One row per user with an order and as_of: RFM scores, persona and the reason in words.",
            ("user_id", "as_of"),
            (
                "user_id", "as_of", "recency_score", "frequency_score", "monetary_score", "persona", "persona_name_en",
                "persona_name_zh", "reason_en", "reason_zh",
            ),
        ),
        TableContract(
            "score.user_cluster",
            "One row per user with an order and as_of: behavioural cluster with a stable name.",
            ("user_id", "as_of"),
            ("user_id", "as_of", "cluster_id", "cluster_name_en", "cluster_name_zh", "cluster_version"),
        ),
        TableContract(
            "score.cluster_model",
            "One row per as_of: the clustering in use (scaler, centroids, names), from which the next one goes on.",
            ("as_of",),
            ("as_of", "cluster_version", "card"),
        ),
        TableContract(
            "score.user_propensity",
            "One row per user, as_of, outcome and horizon: calibrated probability, percentile, reasons, model.",
            ("user_id", "as_of", "outcome", "horizon_days"),
            ("user_id", "as_of", "outcome", "horizon_days", "probability", "percentile", "reason_codes", "model_version"),
        ),
        TableContract(
            "score.user_value",
            "One row per user, as_of and horizon (the home's, and 90, 180 and 365 days): expected orders and net spend.",
            ("user_id", "as_of", "horizon_days"),
            ("user_id", "as_of", "horizon_days", "expected_orders", "expected_spend", "is_tested", "model_version"),
        ),
        TableContract(
            "score.next_order",
            "One row per user with an order and as_of: when the next order is to be expected, with an 80 % interval.",
            ("user_id", "as_of"),
            (
                "user_id", "as_of", "horizon_days", "expected_date", "lower_date", "upper_date", "order_probability", "predictor",
            ),
            nullable=("order_probability",),
        ),
        TableContract(
            "score.next_product",
            "One row per user who bought in the last 182 days, as_of and place: the products to show the user next.",
            ("user_id", "as_of", "product_rank"),
            ("user_id", "as_of", "product_rank", "product_id", "recommendation_score"),
        ),
        TableContract(
            "score.contact_time",
            "One row per user and as_of: hour, weekday and channel that reach the user best, and whose activity says so.",
            ("user_id", "as_of"),
            (
                "user_id", "as_of", "best_hour", "best_weekday", "best_channel", "evidence_source", "activities_count",
            ),
            nullable=("best_hour", "best_channel"),
        ),
        TableContract(
            "score.outcome_test",
            "One row per as_of, outcome, method and measure: how dates, products and hours did on an earlier origin.",
            ("as_of", "outcome", "horizon_days", "predictor", "measure"),
            (
                "as_of", "outcome", "horizon_days", "predictor", "measure", "estimate", "users_count", "test_as_of", "reason",
            ),
            nullable=("estimate", "test_as_of", "reason"),
        ),
        TableContract(
            "score.model_card",
            "One row per model and as_of it scored: how it was tested, on what, and how well it did.",
            ("as_of", "outcome", "horizon_days"),
            (
                "as_of", "outcome", "horizon_days", "model_version", "training_date", "test_as_of", "is_fallback", "users_count",
                "prevalence", "auc", "pr_auc", "brier", "ece", "lift_top_decile", "recency_rule_auc", "reason", "promotion",
                "card",
            ),
            nullable=(
                "test_as_of", "prevalence", "auc", "pr_auc", "brier", "ece", "lift_top_decile", "recency_rule_auc", "reason",
            ),
        ),
        TableContract(
            "score.drift",
            "One row per as_of, outcome, horizon and feature (or score): its stability index against the model's last snapshot.",
            ("as_of", "outcome", "horizon_days", "feature"),
            ("as_of", "outcome", "horizon_days", "feature", "users_count", "psi", "psi_chance"),
        ),
        TableContract(
            "score.backtest",
            "One row per outcome, horizon, test origin, prediction, group and measure of the newest backtest, with its interval.",
            ("outcome", "horizon_days", "origin", "predictor", "dimension", "dimension_value", "measure"),
            (
                "outcome", "horizon_days", "origin", "predictor", "dimension", "dimension_value", "measure", "users_count",
                "estimate", "estimate_low", "estimate_high",
            ),
            nullable=("estimate", "estimate_low", "estimate_high"),
        ),
        TableContract(
            "score.backtest_curve",
            "One row per point of a reliability, gain or lift curve of the newest backtest.",
            ("outcome", "horizon_days", "origin", "predictor", "curve", "bin"),
            ("outcome", "horizon_days", "origin", "predictor", "curve", "bin", "users_count", "curve_x", "curve_y"),
        ),
        TableContract(
            "score.campaign_response",
            "One row per campaign that is planned or runs, user on its list and as_of: probability to redeem a coupon of it.",
            ("campaign_id", "user_id", "as_of"),
            (
                "campaign_id", "user_id", "as_of", "first_date", "last_date", "probability", "percentile", "reason_codes",
                "model_version",
            ),
        ),
        TableContract(
            "score.campaign_model",
            "One row per as_of: the model of campaign response, how it did in rolling time, and why there is none.",
            ("as_of",),
            (
                "as_of", "model_version", "training_date", "is_fallback", "users_count", "prevalence", "auc", "pr_auc", "brier",
                "ece", "lift_top_decile", "reason", "card",
            ),
            nullable=("prevalence", "auc", "pr_auc", "brier", "ece", "lift_top_decile", "reason"),
        ),
        TableContract(
            "segment.members",
            "One row per list, user and as_of: who, why, what to do, and who is held out.",
            ("segment", "user_id", "as_of"),
            (
                "segment", "segment_version", "variant", "user_id", "as_of", "entered_at", "probability", "percentile",
                "value_at_stake", "recommended_action", "reason_codes", "reason_en", "reason_zh", "is_control", "consent_basis",
                "expires_at",
            ),
            nullable=("probability", "percentile", "consent_basis"),
        ),
        TableContract(
            "segment.sizes",
            "One row per list and as_of: members, held out, kept out for lack of consent, and the size before.",
            ("segment", "as_of"),
            (
                "segment", "as_of", "members_count", "control_count", "lacking_consent_count", "previous_members_count", "reason",
            ),
            nullable=("previous_members_count", "reason"),
        ),
        TableContract(
            "report.funnel",
            "One row per as_of, declared funnel, group and step: users who got so far; small groups are one, (other).",
            ("as_of", "funnel", "dimension", "dimension_value", "step_number"),
            (
                "as_of", "funnel", "dimension", "dimension_value", "step_number", "step_name", "users_count", "first_share",
                "first_share_low", "first_share_high", "previous_share", "convert_p25_s", "convert_median_s", "convert_p75_s",
                "funnel_definition",
            ),
            nullable=(
                "first_share", "first_share_low", "first_share_high", "previous_share", "convert_p25_s", "convert_median_s",
                "convert_p75_s",
            ),
        ),
    )
}  # fmt: skip
"""`layer.table` -> contract, for every table written by Python."""

SEGMENTS = ("retention", "reactivation", "pricing")
"""The lists; each is made by `sql/segment/<list>.sql`."""

PUBLISHED_TABLES = (
    "score.user_persona",
    "score.user_cluster",
    "score.user_propensity",
    "score.user_value",
    "score.next_order",
    "score.next_product",
    "score.contact_time",
    "score.outcome_test",
    "score.model_card",
    "score.drift",
    "score.campaign_response",
    "score.campaign_model",
    "score.backtest",
    "score.backtest_curve",
    "report.funnel",
)
"""Python's tables of the newest as_of in every version, besides the segments and every `report` table made by SQL."""
