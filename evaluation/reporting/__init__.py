"""The evaluation report and what it is made of. Imported by job processes only (scipy)."""

from evaluation.reporting.contender import Contender
from evaluation.reporting.golden import golden_rows
from evaluation.reporting.report import evaluate
from evaluation.steering import Cancelled

__all__ = ["Cancelled", "Contender", "evaluate", "golden_rows"]
