"""Training in plain torch. Imports torch: only a job's child process may import this."""

from training.engine.data import TrainingData
from training.engine.train import TrainResult, train

__all__ = ["TrainResult", "TrainingData", "train"]
