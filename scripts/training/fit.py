"""Find the weights: batches in, averaged weights that were best on validation out."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from tensorboardX import SummaryWriter
from tqdm import tqdm

from scripts.training import checkpoint
from scripts.training.batches import Batch
from scripts.training.checkpoint import Arrays, Progress
from scripts.training.commandline import Refusal
from scripts.training.config import FitSection
from scripts.training.objective import Likelihood, Objective

EpochBatches = Callable[[int], Iterator[Batch]]
AVERAGE_EVERY = 5  # steps between updates of the averaged weights
TOO_LONG = "check the tables, and data.max_source and max_target"
TOO_FEW = f"`val` has no rows, or too few; {TOO_LONG}"


class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, then a half cosine down to `final` of the peak (Loshchilov & Hutter 2017)."""

    def __init__(self, peak: float, warmup: int, total: int, final: float):
        """Rise for `warmup` of `total` steps to `peak`, end at `peak * final`."""
        self.peak, self.warmup, self.total, self.final = peak, warmup, total, final

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at `step`."""
        step = ops.cast(step, "float32")
        rise = (step + 1.0) / self.warmup
        share = ops.clip((step - self.warmup) / max(1, self.total - self.warmup), 0.0, 1.0)
        fall = self.final + (1.0 - self.final) * 0.5 * (1.0 + ops.cos(np.pi * share))
        return self.peak * ops.where(step < self.warmup, rise, fall)


class ScaledAdam(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015) that moves some variables more slowly than others."""

    def __init__(self, rate: Any, scales: Sequence[float], **options: Any):
        """Multiply `rate` by `scales[i]` for the i-th trainable variable."""
        super().__init__(rate, **options)
        self.scales = tuple(scales)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable."""
        scale = self.scales[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * scale)


class Fit:
    """One run over a folder: `fit.run()` goes on from where `fit.resume()` left it, if called."""

    def __init__(
        self,
        model: keras.Model,
        section: FitSection,
        folder: Path,
        epoch_batches: EpochBatches,
        validation: Sequence[Batch],
        steps_per_epoch: int,
        *,
        slow: Collection[keras.Variable] = (),
        objective: Objective | None = None,
    ) -> None:
        """Prepare `model`, which knows its own loss.

        `epoch_batches(n)` yields epoch n's batches, the same each time. The `slow` variables learn
        at `section.encoder_rate` times the rate. An `objective` replaces plain likelihood.

        Raises:
            Refusal: there is no batch to learn from, or none that chooses the weights.
        """
        if not steps_per_epoch:
            raise Refusal(f"nothing to learn from: {TOO_LONG}")
        if not validation:
            raise Refusal(f"nothing to choose the weights by: {TOO_FEW}")
        self.model, self.section, self.folder = model, section, folder
        self.epoch_batches, self.validation = epoch_batches, validation
        self.steps_per_epoch = steps_per_epoch
        total = steps_per_epoch * section.epochs
        self.rate = WarmupCosine(
            section.learning_rate, section.warmup_steps, total, section.final_rate
        )
        slow_ids = {id(variable) for variable in slow}
        scales = [
            section.encoder_rate if id(variable) in slow_ids else 1.0
            for variable in model.trainable_variables
        ]
        model.compile(
            optimizer=ScaledAdam(
                self.rate, scales, beta_2=0.98, clipnorm=None, global_clipnorm=section.clip_norm
            )
        )
        self.objective = objective or Likelihood(model)
        model.optimizer.build(model.trainable_variables)
        self.average = checkpoint.weights_of(model)
        self.best = self.average
        self.progress = Progress(objective=section.objective)
        folder.mkdir(parents=True, exist_ok=True)
        self.log = SummaryWriter(str(folder / "tensorboard"))

    def resume(self) -> None:
        """Go on from the folder's checkpoint.

        The cosine still ends with the last epoch if the recipe's epochs have another length now.
        With another objective, what was best before is best no longer.

        Raises:
            FileNotFoundError: there is none.
        """
        self.average, self.best, self.progress = checkpoint.load(self.folder, self.model)
        at = self.progress
        if at.objective != self.section.objective:
            at.objective, at.best_loss, at.stale = self.section.objective, float("inf"), 0
        left = (self.section.epochs - at.epoch) * self.steps_per_epoch - at.batch
        self.rate.total = at.step + left

    def run(self) -> Arrays:
        """Fit until the last epoch or until validation stops improving; return the best average."""
        at, section = self.progress, self.section
        saved = time.monotonic()
        losses: list[float] = []
        while at.epoch < section.epochs and at.stale < section.patience:
            bar = tqdm(total=self.steps_per_epoch, initial=at.batch, unit="batch", mininterval=10)
            bar.set_description(f"epoch {at.epoch + 1}/{section.epochs}")
            batches = self.epoch_batches(at.epoch)
            for _ in zip(range(at.batch), batches):  # noqa: B905 - skip what is done
                pass
            losses = []
            for batch in batches:
                started = time.monotonic()
                losses.append(self._train(batch))
                at.seconds += time.monotonic() - started
                bar.update()
                if at.step % section.validate_every == 0:
                    self._validate(float(np.mean(losses[-section.validate_every :])))
                    if at.stale >= section.patience:
                        break
                if time.monotonic() - saved > 60 * section.checkpoint_minutes:
                    self._save()
                    saved = time.monotonic()
                bar.set_postfix(loss=f"{np.mean(losses[-100:]):.3f}", best=f"{at.best_loss:.3f}")
            else:
                at.epoch, at.batch = at.epoch + 1, 0
            bar.close()
            self._save()
        if not at.history or at.history[-1]["step"] != at.step:
            self._validate(self._learnt(losses))
            self._save()
        self.log.close()
        return self.best

    def _learnt(self, losses: Sequence[float]) -> float:
        at = self.progress
        if losses:
            return float(np.mean(losses))
        if not at.history:
            raise Refusal(f"{at.epoch} epochs are done, and none validated: raise fit.epochs")
        return at.history[-1]["train"]

    def _save(self) -> None:
        checkpoint.save(self.folder, self.model, self.average, self.best, self.progress)

    def _train(self, batch: Batch) -> float:
        batch = self.objective.refine(batch, self.progress.step)
        inputs = batch.source, batch.inputs
        loss = float(self.model.train_on_batch(inputs, batch.labels, batch.weights))
        if not np.isfinite(loss):
            raise Refusal(
                f"the loss is {loss} at step {self.progress.step}; lower fit.learning_rate"
            )
        at = self.progress
        at.step, at.batch = at.step + 1, at.batch + 1
        if at.step % AVERAGE_EVERY == 0:
            # Early on the average must forget the random start: decay (1 + n) / (10 + n), as in TF.
            updates = at.step / AVERAGE_EVERY
            keep = min(self.section.average_decay**AVERAGE_EVERY, (1 + updates) / (10 + updates))
            for mean, variable in zip(self.average, self.model.weights, strict=True):
                if not np.issubdtype(mean.dtype, np.floating):
                    continue
                mean *= keep
                mean += (1.0 - keep) * checkpoint.to_array(variable)
        return loss

    def _validate(self, train_loss: float) -> None:
        at, current = self.progress, checkpoint.weights_of(self.model)
        checkpoint.load_weights(self.model, self.average)
        loss = self.objective.loss(self.validation)
        checkpoint.load_weights(self.model, current)
        at.stale += 1
        if loss < at.best_loss:
            at.best_loss, at.stale = loss, 0
            self.best = [array.copy() for array in self.average]
        at.history.append(
            {"step": at.step, "train": train_loss, "validation": loss, "seconds": at.seconds}
        )
        self.log.add_scalar("loss/train", train_loss, at.step)
        self.log.add_scalar("loss/validation", loss, at.step)
        tqdm.write(f"step {at.step}: train {train_loss:.4f}, validation {loss:.4f}")
