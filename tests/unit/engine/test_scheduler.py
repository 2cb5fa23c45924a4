"""The scheduler: pure bookkeeping, so that thousands of histories are tried."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.engine.scheduler import Scheduler

MAX_ROWS = 8
BUDGET = 30


@dataclass(eq=False)
class Thing:
    """An item as the scheduler sees it."""

    width: int = 1
    length: int = 5
    name: str = field(default="")


class Life(RuleBasedStateMachine):
    """Items come, run, finish and are cancelled in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.scheduler: Scheduler[Thing] = Scheduler(MAX_ROWS, BUDGET)
        self.present: list[Thing] = []
        self.admitted: list[Thing] = []

    @rule(
        shapes=st.lists(st.tuples(st.integers(1, 8), st.integers(1, 40)), max_size=6),
        bulk=st.booleans(),
    )
    def a_request_comes(self, shapes: list[tuple[int, int]], bulk: bool) -> None:
        things = [Thing(width, length) for width, length in shapes]
        self.scheduler.add(things, bulk=bulk)
        self.present += things

    @rule()
    def a_turn_begins(self) -> None:
        self.admitted += self.scheduler.admit()
        busy = bool(self.scheduler.running)
        held = [thing for thing in self.admitted if thing not in self.scheduler.running]
        group = self.scheduler.next_group()
        assert bool(group) == bool(held)
        if group:
            assert held[0] in group, "the one that has waited longest is encoded"
            lengths = [thing.length for thing in group]
            assert lengths == sorted(lengths)
            budget = BUDGET if busy else 4 * BUDGET
            assert len(group) == 1 or len(group) * max(lengths) <= budget

    @precondition(lambda self: self.scheduler.running)
    @rule(data=st.data())
    def one_finishes(self, data: st.DataObject) -> None:
        thing = data.draw(st.sampled_from(self.scheduler.running))
        self.scheduler.retire(thing)
        self.present.remove(thing)
        self.admitted.remove(thing)

    @precondition(lambda self: self.present)
    @rule(data=st.data())
    def some_are_cancelled(self, data: st.DataObject) -> None:
        gone = data.draw(st.lists(st.sampled_from(self.present), unique_by=id))
        dropped = self.scheduler.drop(lambda thing: thing in gone)
        assert {id(thing) for thing in dropped} == {id(thing) for thing in gone}
        self.present = [thing for thing in self.present if thing not in gone]
        self.admitted = [thing for thing in self.admitted if thing not in gone]

    @invariant()
    def rows_are_counted_and_never_exceed_the_capacity(self) -> None:
        assert self.scheduler.rows_in_use == sum(thing.width for thing in self.admitted)
        assert self.scheduler.rows_in_use <= MAX_ROWS

    @invariant()
    def nobody_is_lost_or_doubled(self) -> None:
        waiting = sum(thing.width for thing in self.present if thing not in self.admitted)
        assert self.scheduler.waiting == waiting
        assert len({id(thing) for thing in self.scheduler.running}) == len(self.scheduler.running)
        assert all(thing in self.admitted for thing in self.scheduler.running)
        assert self.scheduler.idle == (not self.present)

    def teardown(self) -> None:
        """Whatever happened, everyone is served in the end."""
        for _ in range(1000):
            if self.scheduler.idle:
                return
            self.scheduler.admit()
            self.scheduler.next_group()
            for thing in list(self.scheduler.running):
                self.scheduler.retire(thing)
        raise AssertionError("somebody starves")


TestLife = Life.TestCase


def test_requests_take_turns() -> None:
    scheduler: Scheduler[Thing] = Scheduler(max_rows=4, encode_tokens=BUDGET)
    scheduler.add([Thing(name=f"list {i}") for i in range(5)])
    scheduler.add([Thing(name="single")])
    names = [thing.name for thing in scheduler.admit()]
    assert names == ["list 0", "single", "list 1", "list 2"]


def test_bulk_waits_for_others_but_does_not_starve() -> None:
    scheduler: Scheduler[Thing] = Scheduler(max_rows=12, encode_tokens=BUDGET)
    scheduler.add([Thing(name="bulk") for _ in range(9)], bulk=True)
    scheduler.add([Thing(name="now") for _ in range(9)])
    names = [thing.name for thing in scheduler.admit()]
    assert names == ["now"] * 7 + ["bulk"] + ["now"] * 2 + ["bulk"] * 2


def test_each_item_is_judged_once_whatever_changes_meanwhile() -> None:
    scheduler: Scheduler[Thing] = Scheduler(max_rows=4, encode_tokens=BUDGET)
    things = [Thing(name=name) for name in "abc"]
    scheduler.add(things)
    scheduler.admit()
    scheduler.next_group()
    asked: list[str] = []

    def is_gone(thing: Thing) -> bool:
        asked.append(thing.name)
        return thing.name == "a" or len(asked) > 3  # by then, all have been cancelled

    assert [thing.name for thing in scheduler.drop(is_gone)] == ["a"]
    assert [thing.name for thing in scheduler.running] == ["b", "c"]
    assert scheduler.rows_in_use == 2


def test_a_wide_item_is_not_overtaken_for_ever() -> None:
    scheduler: Scheduler[Thing] = Scheduler(max_rows=4, encode_tokens=BUDGET)
    narrow, wide, late = Thing(1), Thing(4), Thing(1)
    scheduler.add([narrow])
    scheduler.admit()
    scheduler.next_group()
    scheduler.add([wide])
    scheduler.add([late])
    assert scheduler.admit() == []
    scheduler.retire(narrow)
    assert scheduler.admit() == [wide]


def test_the_worked_example_of_encoding_by_length() -> None:
    scheduler: Scheduler[Thing] = Scheduler(max_rows=8, encode_tokens=29)
    scheduler.add([Thing(length=1)])
    scheduler.admit()
    scheduler.next_group()
    for length in (9, 4, 10, 20):
        scheduler.add([Thing(length=length)])
    scheduler.admit()
    groups = [[thing.length for thing in scheduler.next_group()] for _ in range(4)]
    assert groups == [[9, 10], [4], [20], []]
