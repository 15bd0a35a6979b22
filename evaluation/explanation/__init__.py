"""SHAP explanations of tabular models and small images. Imported by job processes only (shap)."""

from evaluation.explanation.report import explain

__all__ = ["explain"]
