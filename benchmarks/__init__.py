"""Benchmarks that anyone can run: `python -m benchmarks`. Nothing of the product imports them, no test times anything.

What a figure means stands in the module that measures it; `page.py` writes the page of figures, never a hand.
"""
