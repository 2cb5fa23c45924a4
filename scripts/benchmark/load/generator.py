"""The load generator, a process of its own: Locust's users and runner, driven as a library.

`python -m scripts.benchmark.load.generator < jobs.json` runs loads one after another and prints one
JSON outcome a line. Locust's `FastHttpUser` is its HTTP client in C (geventhttpclient) on one
event loop; times are taken around its calls, since Locust's own statistics round them.
"""

from __future__ import annotations

import itertools
import json
import logging
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import gevent
from gevent.pool import Group
from locust import FastHttpUser, task
from locust.env import Environment
from locust.exception import StopUser

from scripts.benchmark.load.outcome import Outcome, Sample, read_reply, summarize
from scripts.benchmark.load.pattern import Load, Question

JSON = {"Content-Type": "application/json"}
CONNECTIONS = 4096


class Book:
    """The samples of one load and the clock of its window."""

    def __init__(self, load: Load, questions: list[Question]) -> None:
        """Begin now; counting begins after `load.settle`."""
        self.load = load
        self.begin = time.perf_counter() + load.settle
        self.end = self.begin + load.seconds
        self.samples: list[Sample] = []
        self.running: dict[int, float] = {}
        self._questions: Iterator[Question] = itertools.cycle(questions)
        self._numbers = itertools.count()

    @property
    def over(self) -> bool:
        """Whether nothing more is to be sent."""
        return time.perf_counter() >= self.end

    def ask(self, client: Any, began: float | None = None) -> Sample:
        """Send the next question and return what came; `began`: when it should have been sent."""
        question, number = next(self._questions), next(self._numbers)
        began = began if began is not None else time.perf_counter()
        self.running[number] = began
        response = client.post(self.load.path, data=question.body, headers=JSON)
        ended = time.perf_counter()
        del self.running[number]
        try:
            assert response.status_code == 200, response.status_code
            reply = read_reply(response.content)
        except (AssertionError, ValueError, KeyError, TypeError):
            return Sample(began, ended, ended - began, failed=True)
        wrong = question.answer is not None and reply.texts != question.answer
        return Sample(began, ended, ended - began, reply.tokens, wrong=wrong)

    def outcome(self) -> Outcome:
        """Condense the window; what still runs counts as unfinished."""
        now = time.perf_counter()
        stuck = [Sample(began, None, now - began) for began in self.running.values()]
        return summarize([*self.samples, *stuck], self.begin, self.end)


class Bookkeeper(FastHttpUser):
    """A user with a book; one greenlet."""

    abstract = True
    book: Book
    network_timeout = 300.0


class ClosedClient(Bookkeeper):
    """Asks again when it is answered."""

    abstract = True

    @task
    def ask(self) -> None:
        """Send one request, or leave."""
        if self.book.over:
            raise StopUser
        self.book.samples.append(self.book.ask(self.client))


class OpenArrivals(Bookkeeper):
    """Requests that arrive at random, each in a greenlet of its own; a Poisson process.

    A request that is sent late because the generator was busy counts from when it was due.
    """

    abstract = True
    concurrency = CONNECTIONS

    @task
    def arrive(self) -> None:
        """Send all requests of the window, then leave."""
        book, chance, group = self.book, random.Random(1), Group()  # noqa: S311 - not a secret
        due = time.perf_counter()
        while (due := due + chance.expovariate(book.load.rate)) < book.end:
            gevent.sleep(max(0.0, due - time.perf_counter()))
            group.spawn(lambda began=due: book.samples.append(book.ask(self.client, began)))
        group.join()
        raise StopUser


class BurstClients(Bookkeeper):
    """Asks `clients` questions at once; one sample from the first request to the last answer."""

    abstract = True
    concurrency = CONNECTIONS

    @task
    def burst(self) -> None:
        """Send one burst, or leave."""
        if self.book.over:
            raise StopUser
        began, group = time.perf_counter(), Group()
        asked = [group.spawn(self.book.ask, self.client) for _ in range(self.book.load.clients)]
        group.join()
        ended, samples = time.perf_counter(), [one.value for one in asked]
        self.book.samples.append(
            Sample(
                began,
                ended,
                ended - began,
                tokens=sum(sample.tokens for sample in samples),
                failed=any(sample.failed for sample in samples),
                wrong=any(sample.wrong for sample in samples),
            )
        )


KINDS: dict[str, type[Bookkeeper]] = {
    "closed": ClosedClient,
    "open": OpenArrivals,
    "burst": BurstClients,
}


def push(url: str, load: Load, questions: list[Question]) -> Outcome:
    """Run one load to its end."""
    book = Book(load, questions)
    user = type("User", (KINDS[load.kind],), {"host": url, "book": book})
    users = load.clients if load.kind == "closed" else 1
    environment = Environment(user_classes=[user])
    runner = environment.create_local_runner()
    runner.start(users, spawn_rate=max(users, 1))
    limit = book.end + load.grace
    while time.perf_counter() < limit and not (book.over and runner.user_count == 0):
        gevent.sleep(0.02)
    outcome = book.outcome()
    runner.quit()
    return outcome


def main() -> None:
    """Run the loads on standard input: {url, jobs: [{load, questions: [{body, answer}]}]}."""
    logging.disable(logging.ERROR)
    asked = json.load(sys.stdin)
    for job in asked["jobs"]:
        known = [
            Question(q["body"], None if q["answer"] is None else tuple(q["answer"]))
            for q in job["questions"]
        ]
        outcome = push(asked["url"], Load(**job["load"]), known)
        print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    main()
