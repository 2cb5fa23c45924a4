"""Several greedy steps in one graph call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from app.engine.session.graph import Tensors

DEAD_SHARE = 0.25  # of the rows; beyond it those that have ended are left out
Step = Callable[[Any, Tensors, Tensors], tuple[Any, Any, Tensors]]
"""Tokens [rows], states and memories to the next tokens, their log-probabilities and states."""


class _Run(NamedTuple):
    """The rows that are left, after `at` steps."""

    at: Any
    ended: Any  # bool [rows]
    tokens: Any  # int32 [rows]
    places: Any  # int32 [rows], of each among all rows
    states: Tensors
    memories: Tensors
    ids: Any  # arrays: what each step found of the rows that were left then
    gains: Any
    told: Any  # where in [steps, all rows] that belongs

    @property
    def rows(self) -> list[Any]:
        """What there is one of for every row that is left."""
        return [getattr(self, name) for name in _ROWS]

    @property
    def crowded(self) -> Any:
        """Whether too many of the rows have ended."""
        ended = tf.reduce_sum(tf.cast(self.ended, tf.float32))
        return ended > DEAD_SHARE * tf.cast(tf.size(self.ended), tf.float32)


_ROWS = ("ended", "tokens", "places", "states", "memories")


def greedy_steps(
    step: Step,
    eos: int,
    states: Tensors,
    memories: Tensors,
    tokens: Any,
    steps: Any,
    *,
    leave: bool,
) -> Tensors:
    """Feed each row what its last `step` chose, `steps` times or until every row has ended.

    Returns `ids` and `best` [steps taken, rows], zeros where a row had been left out, and `states`.
    If `leave`, rows that have ended are left out when they are too many: that pays although the
    others' memories have to be gathered.
    """
    batch = tf.size(tokens)

    def going(run: _Run) -> Any:
        return tf.logical_and(run.at < steps, tf.logical_not(tf.reduce_all(run.ended)))

    def once(run: _Run) -> tuple[_Run]:
        chosen, gains, states = step(run.tokens, run.states, run.memories)
        place = run.at + 1  # the first of each array is empty
        return (
            run._replace(
                at=run.at + 1,
                ended=tf.logical_or(run.ended, tf.equal(chosen, eos)),
                tokens=chosen,
                states=states,
                ids=run.ids.write(place, chosen),
                gains=run.gains.write(place, gains),
                told=run.told.write(place, run.at * batch + run.places),
            ),
        )

    def some(run: _Run) -> tuple[_Run]:
        rows = tf.cond(run.crowded, lambda: _living(run), lambda: run.rows)
        kept = run._replace(**dict(zip(_ROWS, rows, strict=True)))
        found: tuple[_Run] = tf.while_loop(full, once, [kept])
        return found

    def full(run: _Run) -> Any:
        return tf.logical_and(run.at < steps, tf.logical_not(run.crowded))

    start = _Run(
        at=tf.constant(0),
        ended=tf.equal(tokens, eos),
        tokens=tokens,
        places=tf.range(batch),
        states=states,
        memories=memories,
        ids=_array(tf.int32),
        gains=_array(tf.float32),
        told=_array(tf.int32),
    )
    (run,) = tf.while_loop(going, some if leave else once, [start])
    told, shape = run.told.concat()[:, None], tf.stack([run.at * batch])
    ids, gains = (
        tf.reshape(tf.scatter_nd(told, found.concat(), shape), [run.at, batch])
        for found in (run.ids, run.gains)
    )
    back = tf.scatter_nd(run.places[:, None], tf.range(tf.size(run.places)), batch[None])
    states = {name: tf.gather(value, back) for name, value in run.states.items()}
    return {"states": states, "ids": ids, "best": gains}


def _living(run: _Run) -> Any:
    living = tf.where(tf.logical_not(run.ended))[:, 0]
    return tf.nest.map_structure(lambda value: tf.gather(value, living), run.rows)


def _array(dtype: Any) -> Any:
    array = tf.TensorArray(
        dtype, 0, dynamic_size=True, infer_shape=False, element_shape=tf.TensorShape([None])
    )
    return array.write(0, tf.zeros([0], dtype))
