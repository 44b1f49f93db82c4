"""What must be true of every shop at every moment, recomputed from the tables: ``kapu admin verify``.

Each check is one statement that finds rows which must not exist. It is plain SQL, the same on both databases and
apart from the models and steps that it checks: a mistake in those is not repeated here. A room a subject; add a check
as a row of its table, and its corruption to ``tests/core/test_invariants.py``.
"""
