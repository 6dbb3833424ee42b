"""Other tools on the same data, beside ours: ClickHouse, Polars, Retentioneering, lifetimes. Answers must be equal first.

They come with the extra `benchmark`; nothing of the product imports them.
"""
