"""The evaluation report and what it is made of. Imported by job processes only (scipy)."""

from evaluation.reporting.contender import Contender
from evaluation.reporting.golden import golden_rows
from evaluation.reporting.report import evaluate

__all__ = ["Contender", "evaluate", "golden_rows"]
