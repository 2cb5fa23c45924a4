"""Disturb the service for minutes, and count what it loses: nothing, or this fails.

Many clients send requests of every kind; some leave, some send garbage, some have no time. Every
answer is compared with the one that the same request got alone, bit for bit (the service runs in
exact mode). Then the load goes on while the service is told to end: nothing accepted may be lost.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from pathlib import Path

from scripts.benchmark.sentences import sentences
from scripts.soaking.service import ServiceProcess
from scripts.soaking.soak import Soak, Tally, settle

MEGABYTE = 1 << 20
MOST_GROWTH = 50.0  # megabytes in the second half of a soak: beyond it something leaks


async def _watch_memory(service: ServiceProcess, readings: list[int], every: float) -> None:
    while True:
        readings.append(service.resident())
        await asyncio.sleep(every)


async def _soak(args: argparse.Namespace, service: ServiceProcess) -> tuple[Tally, bool]:
    soak = Soak(service.base, sentences(args.data)[: args.sentences], args.seed)
    print(f"asking {args.sentences} sentences of every kind alone", flush=True)
    await soak.learn()
    readings: list[int] = []
    watching = asyncio.create_task(_watch_memory(service, readings, args.seconds / 20))
    print(f"{args.clients} clients for {args.seconds:g} s", flush=True)
    await soak.run(args.clients, args.seconds)
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    busy = await settle(service.base)
    print(f"gauges that stayed above zero: {busy or 'none'}")
    growth = (readings[-1] - readings[len(readings) // 2]) / MEGABYTE
    print(f"resident MB: {', '.join(str(reading // MEGABYTE) for reading in readings)}")
    print(f"growth over the second half: {growth:.1f} MB")
    soak.stopping = True
    ending = asyncio.create_task(soak.run(args.clients, 60))
    await asyncio.sleep(min(5.0, args.seconds / 4))
    service.terminate()
    status = await asyncio.to_thread(service.ended)
    await ending
    lost = service.heard_of(soak.tally.cut)
    print(
        f"ended under load with status {status}; connections cut then: {len(soak.tally.cut)}, "
        f"of requests that it had accepted: {len(lost)}"
    )
    soak.tally.broken += [soak.tally.cut[name] for name in sorted(lost)]
    return soak.tally, not busy and status == 0 and growth < MOST_GROWTH


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--data", type=Path, default=os.environ.get("DRAGOMAN_DATA"))
    parser.add_argument("--clients", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--sentences", type=int, default=24, help="distinct ones")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with ServiceProcess(models=args.models, exact=True) as service:
        service.wait_until_ready()
        tally, settled = asyncio.run(_soak(args, service))
    for name, count in sorted(tally.answered.items()):
        print(f"{name}: {count} answered right")
    print(
        f"left: {tally.left}, garbage: {tally.garbage}, in a hurry: {tally.late}, "
        f"refused: {tally.refused}, wrong: {len(tally.wrong)}, broken: {len(tally.broken)}"
    )
    for line in [*tally.wrong, *tally.broken][:20]:
        print(line)
    return 0 if tally.passed and settled else 1


if __name__ == "__main__":
    sys.exit(main())
