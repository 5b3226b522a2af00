"""Stochastic gradient descent as Caffe has it, and its step schedules. Knows no task or network."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import keras
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule, PiecewiseConstantDecay

from keras_attn.errors import InputError


def steps_down(initial: float, at: Sequence[int], factor: float = 0.1) -> PiecewiseConstantDecay:
    """A learning rate multiplied by `factor` at each of some updates, for any optimizer of Keras.

    initial: the rate of the first updates. at: increasing counts of updates after which the rate
    falls: with 4000, update 4000 is the last at the old rate, as for Caffe's `multistep`, which
    counts from 0. `CaffeSGD` counts updates also where it accumulates gradients; Keras' own
    optimizers then count batches. The schedules of Task 2 are those of §IV-B2, such as
    `steps_down(1e-4, (4000, 8000))`.
    Raises `InputError` for counts that are not whole, from 1 and increasing, or negative numbers.
    """
    initial, factor = _number("initial", initial), _number("factor", factor)
    counts = list(at) if isinstance(at, (tuple, list)) else []
    whole = counts and all(isinstance(n, int) and n >= 1 for n in counts)
    if not whole or counts != sorted(set(counts)):
        raise InputError("at", "increasing whole numbers from 1", at)
    # Keras keeps the old value at a boundary itself, where it has done as many updates.
    boundaries = [count - 1 for count in counts]
    return PiecewiseConstantDecay(
        boundaries, [initial * factor**power for power in range(len(counts) + 1)]
    )


@keras.saving.register_keras_serializable("keras_attn")
class CaffeSGD(keras.optimizers.SGD):
    """Caffe's SGD with `lr_mult` 1 and 2 and `decay_mult` 1 and 0, which §IV-B2 trains with.

    An update of a variable w with gradient g, from v = 0:

        v = momentum · v + rate · (g + decay · w)
        w = w − v

    rate is the learning rate, for a bias times `bias_rate`. decay is `kernel_decay` for kernels
    (all weights whose name ends so), 0 for biases and for scales and offsets of normalisations.
    Keras' own `weight_decay` is another rule, which keeps the decay out of v.

    `iterations` counts updates. It runs under `MirroredStrategy` too, where Keras'
    `gradient_accumulation_steps` fails.

    Args:
        learning_rate: a number, or a `LearningRateSchedule` of the updates done.
        momentum: in [0, 1).
        kernel_decay: 0 or more.
        bias_rate: factor of the rate for biases, 0 or more.
        accumulate: batches to an update, whose g is the mean of theirs: with batches of one size, a
            loss that is a mean and normalisations that do not depend on the batch, that of one
            batch as large as all of them. What has been gathered lasts beyond an epoch's end, and
            is among `variables`; what is left of fewer batches at the end of training is not used.
            A batch that `LossScaleOptimizer` leaves out does not count.
        clip: largest norm of all gradients of a batch together, which are scaled down to it, as
            Caffe's `clip_gradients`; None for any.
        name: of the optimizer.

    Raises:
        InputError: A number is out of its range.

    Example:

    >>> import keras
    >>> from keras_attn.training.optim import CaffeSGD
    >>> weight = keras.Variable(1.0, name="bias")
    >>> optimizer = CaffeSGD(0.1, momentum=0.0)
    >>> optimizer.apply([keras.ops.ones(())], [weight])
    >>> round(float(weight.numpy()), 3)
    0.8
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule,
        momentum: float = 0.9,
        kernel_decay: float = 5e-4,
        bias_rate: float = 2.0,
        accumulate: int = 1,
        clip: float | None = None,
        name: str = "caffe_sgd",
    ) -> None:
        if not isinstance(learning_rate, LearningRateSchedule):
            learning_rate = _number("learning_rate", learning_rate)
        if not isinstance(accumulate, int) or accumulate < 1:
            raise InputError("accumulate", "a whole number from 1", accumulate)
        if clip is not None and not _number("clip", clip):
            raise InputError("clip", "a number above 0, or None", clip)
        momentum = _number("momentum", momentum, below=1.0)
        super().__init__(learning_rate, momentum, global_clipnorm=clip, name=name)
        self.kernel_decay = _number("kernel_decay", kernel_decay)
        self.bias_rate = _number("bias_rate", bias_rate)
        self.accumulate = accumulate

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Create v of each variable, and where gradients are accumulated their sums."""
        if self.built:
            return
        super().build(variables)
        # By index: update_step is handed raw variables of TensorFlow, which may lack these names.
        names = [variable.name for variable in variables]
        self.rates = tuple(self.bias_rate if name == "bias" else 1.0 for name in names)
        self.decays = tuple(self.kernel_decay * name.endswith("kernel") for name in names)
        self.sums = []
        if self.accumulate > 1:
            self.sums = self.add_optimizer_variables(variables, "sum")

    @property
    def iterations(self) -> Any:
        """Updates done, a whole number."""
        if self.accumulate == 1:
            return self._iterations
        return ops.floor_divide(self._iterations, self.accumulate)

    def _get_current_learning_rate(self) -> Any:
        # Keras hands a schedule the count of batches.
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self.iterations)
        return super()._get_current_learning_rate()

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable, or add its gradient to the sum where more batches are to come."""
        index = self._get_variable_index(variable)
        if self.accumulate == 1:
            self._update(index, gradient, variable, learning_rate)
            return
        total = self.sums[index]
        self.assign_add(total, gradient)

        def update():
            self._update(index, total / self.accumulate, variable, learning_rate)
            self.assign(total, ops.zeros_like(total))

        # Here the devices have exchanged their gradients. Keras decides before that, and TensorFlow
        # does not allow an exchange to depend on a condition.
        due = ops.equal(ops.mod(self._iterations + 1, self.accumulate), 0)
        ops.cond(due, update, lambda: None)

    def _update(self, index: int, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if self.decays[index]:
            gradient = gradient + self.decays[index] * variable
        super().update_step(gradient, variable, learning_rate * self.rates[index])

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        config = super().get_config()
        return {key: config[key] for key in ("name", "learning_rate", "momentum")} | {
            "kernel_decay": self.kernel_decay,
            "bias_rate": self.bias_rate,
            "accumulate": self.accumulate,
            "clip": self.global_clipnorm,
        }


def _number(where: str, value: Any, below: float = math.inf) -> float:
    """A number as a float, checked to be from 0 to `below`."""
    if not isinstance(value, Real) or not 0 <= float(value) < below:
        raise InputError(where, f"a number from 0 to below {below:g}", value)
    return float(value)
