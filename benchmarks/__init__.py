"""Figures of this shop on this machine: ``python -m benchmarks``, explained in docs/benchmarks.md."""
