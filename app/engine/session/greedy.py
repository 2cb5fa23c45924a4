"""Several greedy steps in one graph call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from app.engine.session.graph import Tensors

DEAD_SHARE = 0.25  # of the rows; beyond it those that have ended are left out
Step = Callable[[Any, Tensors, Tensors], tuple[Any, Any, Tensors]]
"""Tokens [rows], states and memories to the next tokens, their log-probabilities and states."""


class _Rows(NamedTuple):
    """The rows that are left."""

    ended: Any  # bool [rows]
    tokens: Any  # int32 [rows]
    places: Any  # int32 [rows], of each among all rows
    states: Tensors
    memories: Tensors

    @property
    def crowded(self) -> Any:
        """Whether too many of them have ended."""
        ended = tf.reduce_sum(tf.cast(self.ended, tf.float32))
        return ended > DEAD_SHARE * tf.cast(tf.size(self.ended), tf.float32)

    def living(self) -> _Rows:
        """Return those that have not ended."""
        living = tf.where(tf.logical_not(self.ended))[:, 0]
        found: _Rows = tf.nest.map_structure(lambda value: tf.gather(value, living), self)
        return found


class _Run(NamedTuple):
    """What there is after `at` steps; the arrays hold what each found of the rows left then."""

    at: Any
    rows: _Rows
    ids: Any
    gains: Any
    told: Any  # where in [steps, all rows] that belongs


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
        return tf.logical_and(run.at < steps, tf.logical_not(tf.reduce_all(run.rows.ended)))

    def sparse(run: _Run) -> Any:
        return tf.logical_and(run.at < steps, tf.logical_not(run.rows.crowded))

    def once(run: _Run) -> tuple[_Run]:
        rows, place = run.rows, run.at + 1  # the first of each array is empty
        chosen, gains, states = step(rows.tokens, rows.states, rows.memories)
        ended = tf.logical_or(rows.ended, tf.equal(chosen, eos))
        return (
            _Run(
                at=run.at + 1,
                rows=rows._replace(ended=ended, tokens=chosen, states=states),
                ids=run.ids.write(place, chosen),
                gains=run.gains.write(place, gains),
                told=run.told.write(place, run.at * batch + rows.places),
            ),
        )

    def some(run: _Run) -> tuple[_Run]:
        rows = tf.cond(run.rows.crowded, run.rows.living, lambda: run.rows)
        found: tuple[_Run] = tf.while_loop(sparse, once, [run._replace(rows=rows)])
        return found

    start = _Run(
        at=tf.constant(0),
        rows=_Rows(tf.equal(tokens, eos), tokens, tf.range(batch), states, memories),
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
    places = run.rows.places
    back = tf.scatter_nd(places[:, None], tf.range(tf.size(places)), batch[None])
    states = {name: tf.gather(value, back) for name, value in run.rows.states.items()}
    return {"states": states, "ids": ids, "best": gains}


def _array(dtype: Any) -> Any:
    array = tf.TensorArray(
        dtype, 0, dynamic_size=True, infer_shape=False, element_shape=tf.TensorShape([None])
    )
    return array.write(0, tf.zeros([0], dtype))
