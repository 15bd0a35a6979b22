"""What can be asked of each compression, as tables that web may read without torch."""

from collections.abc import Mapping

from training.recipes.params import Param

PRUNE = (
    Param(
        "ratio",
        "float",
        0.5,
        "Part of each hidden layer's units to remove; what stays is brought to a multiple of 8 "
        "where it can be, since other widths run slowly.",
        0.05,
        0.95,
    ),
    Param("finetune_epochs", "int", 20, "Epochs of training after removal; 0 for none.", 0, 1000),
    Param("learning_rate", "float", 0.001, "Size of a step while fine-tuning.", 1e-7, 1.0),
    Param("batch_size", "int", 32, "Rows per step.", 2, 65_536),
    Param("l2", "float", 1e-4, "Weight of the sum of squared weights in the loss.", 0.0, 10.0),
    Param(
        "validation_fraction",
        "float",
        0.15,
        "Part of the training rows kept for validation when the dataset has none.",
        0.01,
        0.9,
    ),
    Param("seed", "int", 0, "Decides the order of rows and dropout.", 0, 2**32 - 1),
)

QUANTIZE_STATIC = (
    Param("calibration_rows", "int", 256, "Rows whose ranges set the scales.", 16, 4096),
    Param("seed", "int", 0, "Decides which rows are taken.", 0, 2**32 - 1),
)

COMPRESSIONS: Mapping[str, tuple[Param, ...]] = {
    "int8-dynamic": (),
    "int8-static": QUANTIZE_STATIC,
    "prune": PRUNE,
}
