"""From a spec (architecture as data) to torch modules and back to weights as bytes.

The spec is a JSON object {"type": "assay/network/1", "recipe", "task", "classes",
"input_shape", "outputs", "loss", "preprocessing", "layers": [{"kind", ...}]}. Layers run one
after the other; their widths are all that pruning changes.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from common.errors import Invalid
from training import recipes
from training.engine.data import TrainingData
from training.recipes.params import Settings
from training.recipes.recipe import LayerBuilder

Spec = dict[str, Any]
Loss = Literal["cross_entropy", "bce", "mse"]
MOST_WEIGHTS = 50_000_000
# Below this share of the mean a deviation is rounding noise of float32, not a signal.
FLOAT32_NOISE = 1e-6

BUILDERS: Mapping[str, LayerBuilder] = {
    "flatten": lambda _: nn.Flatten(),
    "linear": lambda layer: nn.Linear(layer["inputs"], layer["outputs"]),
    "conv": lambda layer: nn.Conv2d(
        layer["inputs"], layer["outputs"], layer["kernel"], padding="same"
    ),
    "batch_norm": lambda layer: nn.BatchNorm1d(layer["width"]),
    "batch_norm_2d": lambda layer: nn.BatchNorm2d(layer["width"]),
    "max_pool": lambda layer: nn.MaxPool2d(layer["size"]),
    "dropout": lambda layer: nn.Dropout(layer["p"]),
    "relu": lambda _: nn.ReLU(),
    "tanh": lambda _: nn.Tanh(),
    "gelu": lambda _: nn.GELU(),
}


class Network(nn.Module):
    """Raw rows in, answer out; standardisation and its inverse are buffers of the network.

    input: float32 [batch, ...]. forward: probabilities [batch, classes] or value [batch, 1].
    """

    mean: Tensor
    deviation: Tensor
    target_mean: Tensor
    target_deviation: Tensor

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        builders = {**BUILDERS, **recipes.find(spec["recipe"]).layers()}
        shape = _constants_shape(spec)
        self.loss: Loss = spec["loss"]
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("deviation", torch.ones(shape))
        self.register_buffer("target_mean", torch.zeros(1))
        self.register_buffer("target_deviation", torch.ones(1))
        self.layers = nn.Sequential(*(builders[layer["kind"]](layer) for layer in spec["layers"]))

    def scores(self, rows: Tensor) -> Tensor:
        """What the loss sees: logits [batch, outputs], or the standardised value [batch, 1]."""
        scores: Tensor = self.layers((rows - self.mean) / self.deviation)
        return scores

    def forward(self, rows: Tensor) -> Tensor:
        scores = self.scores(rows)
        if self.loss == "mse":
            return scores * self.target_deviation + self.target_mean
        if self.loss == "bce":
            positive = torch.sigmoid(scores)
            return torch.cat([1 - positive, positive], dim=1)
        return torch.softmax(scores, dim=1)


def draw_spec(recipe: str, settings: Settings, data: TrainingData) -> Spec:
    """The spec of a recipe for this data; raises Invalid where the two do not fit."""
    loss = _loss(settings["loss"], data)
    outputs = len(data.classes or ()) if loss == "cross_entropy" else 1
    drawing = recipes.find(recipe).design(settings, data.input_shape, outputs)
    return {
        "type": "assay/network/1",
        "recipe": recipe,
        "task": data.task,
        "classes": data.classes,
        "input_shape": list(data.input_shape),
        "outputs": outputs,
        "loss": loss,
        "preprocessing": drawing.preprocessing,
        "layers": drawing.layers,
    }


def build(spec: Spec) -> Network:
    """A network with torch's own first weights; raises Invalid when it would be too large."""
    with torch.device("meta"):
        weights = sum(tensor.numel() for tensor in Network(spec).parameters())
    if weights > MOST_WEIGHTS:
        raise Invalid(
            f"This network would have {weights:,} weights; the most is {MOST_WEIGHTS:,}.",
            field="params",
        )
    return Network(spec)


def initialise(network: Network, method: str, activation: str) -> None:
    """Xavier (Glorot & Bengio 2010) or He (He et al. 2015) weights, uniform; zero biases."""
    for module in network.modules():
        if not isinstance(module, nn.Linear | nn.Conv2d):
            continue
        if method == "he":
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        else:
            gain = nn.init.calculate_gain("tanh" if activation == "tanh" else "linear")
            nn.init.xavier_uniform_(module.weight, gain=gain)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def fit_preprocessing(network: Network, spec: Spec, train: TrainingData) -> None:
    """Measure mean and deviation on the training rows and store them in the network."""
    features = torch.from_numpy(train.features).double()
    if spec["preprocessing"] != "none":
        over = [0]
        if spec["preprocessing"] == "per_channel":
            over += range(2, features.ndim)
        mean = features.mean(dim=over)
        deviation = features.std(dim=over, correction=0)
        network.mean.copy_(mean.reshape(network.mean.shape))
        network.deviation.copy_(_divisor(mean, deviation).reshape(network.deviation.shape))
    if spec["loss"] == "mse":
        target = torch.from_numpy(train.target).double()
        network.target_mean.copy_(target.mean())
        network.target_deviation.copy_(_divisor(target.mean(), target.std(correction=0)))


def weights_digest(network: nn.Module) -> str:
    """Hex sha256 over name, dtype, shape and bytes of every tensor, in order of the names."""
    hasher = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        hasher.update(f"{name}:{tensor.dtype}:{list(tensor.shape)};".encode())
        hasher.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return hasher.hexdigest()


def to_bytes(network: nn.Module) -> bytes:
    """Weights and preprocessing constants as safetensors (no pickle)."""
    return save({name: tensor.contiguous() for name, tensor in network.state_dict().items()})


def from_bytes(spec: Spec, state: bytes) -> Network:
    """The network of a spec with stored weights; raises Invalid when they do not fit."""
    network = build(spec)
    try:
        network.load_state_dict(load(state))
    except (SafetensorError, RuntimeError) as error:
        raise Invalid("The weights do not fit the architecture.", field="state") from error
    return network


def _loss(wanted: str, data: TrainingData) -> Loss:
    natural: Loss = "mse" if data.task == "regression" else "cross_entropy"
    if wanted in {"auto", natural}:
        return natural
    if wanted == "bce" and data.task == "binary":
        return "bce"
    raise Invalid(f"The loss {wanted} does not fit a {data.task} task.", field="loss")


def _constants_shape(spec: Spec) -> tuple[int, ...]:
    shape: list[int] = spec["input_shape"]
    if spec["preprocessing"] == "per_feature":
        return tuple(shape)
    return (shape[0], *(1 for _ in shape[1:]))


def _divisor(mean: Tensor, deviation: Tensor) -> Tensor:
    constant = deviation <= FLOAT32_NOISE * mean.abs()
    return torch.where(constant, torch.ones_like(deviation), deviation)
