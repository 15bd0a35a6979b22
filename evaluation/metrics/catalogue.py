"""Every metric there is. Registering a new one is one line here.

Safe to import anywhere: numpy is the heaviest thing behind it.
"""

from evaluation.metrics.absolute_error import MAE
from evaluation.metrics.accuracy import ACCURACY
from evaluation.metrics.brier import BRIER
from evaluation.metrics.by_class import BY_CLASS_METRICS
from evaluation.metrics.calibration import CALIBRATION_ERROR
from evaluation.metrics.contract import Metric
from evaluation.metrics.log_loss import LOG_LOSS
from evaluation.metrics.roc_auc import ROC_AUC
from evaluation.metrics.rows import Task
from evaluation.metrics.squared_error import MSE, R2

METRICS: tuple[Metric, ...] = (
    ACCURACY,
    *BY_CLASS_METRICS,
    ROC_AUC,
    LOG_LOSS,
    BRIER,
    CALIBRATION_ERROR,
    MSE,
    MAE,
    R2,
)

BY_NAME: dict[str, Metric] = {metric.name: metric for metric in METRICS}


def for_task(task: Task) -> tuple[Metric, ...]:
    """The metrics that apply to models of this task, in the order in which they are shown."""
    return tuple(metric for metric in METRICS if task in metric.tasks)
