"""``make bench``, first part: what polls, exchanges and slots cost, beside a bare-socket client in the same run, and the targets.

Prints a table and merges its figures into ``bench.json``, one flat object. Timings are medians of interleaved repetitions.
"""

import json
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from statistics import median
from time import process_time
from timeit import timeit

import workshop.addon  # noqa: F401 - makes plc_mo_batch importable
from workshop.bench import bare, opcua, protocols
from workshop.paths import ROOT

# isort: split
from plc_mo_batch.plc import exchange, transport
from plc_mo_batch.tests import plc_layouts

TARGETS = {
    "requests_per_poll": 10,
    "requests_event_areas": 2,  # one for each event slot, once an exchange and at each look of live polling
    "poll_ratio_5ms": 1.1,
    "poll_ratio_instant": 4,
    "fins_ratio": 1.1,
    "s7_ratio": 1.1,
    "opcua_ratio": 1.3,
    "exchange_100_plcs_s": 3,
    "decode_slot_us": 15,
    "decode_slot_low_us": 15,
    "encode_slot_us": 15,
    "encode_slot_low_us": 15,
}
LAYOUT = plc_layouts.job_numbers()
SLOTS = tuple(range(1, LAYOUT.slots + 1))
REQUESTS = [LAYOUT.request("feedback", slot)[:2] for slot in SLOTS]


@contextmanager
def server(*options: str):
    """The port of a PLC in a process of its own."""
    command = [sys.executable, "-m", "workshop.bench.server", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def plan(port: int) -> exchange.Plan:
    """A look at all slots of the PLC at ``port``."""
    return exchange.Plan(transport.Endpoint("127.0.0.1", port, timeout=1.0), LAYOUT, SLOTS)


# Polls


def poll(port: int) -> int:
    """A poll as the exchange makes it; the number of requests it took."""
    return served(port).requests


def served(port: int) -> exchange.Answer:
    """The answer to a look at all slots, on a connection of its own."""
    connection = exchange.Connection()
    answer = connection.serve(plan(port))
    connection.close()
    return answer


def poll_events(port: int) -> int:
    """A poll of the event areas besides, as each exchange makes once; the number of requests that it adds."""
    look = replace(plan(port), events=dict.fromkeys(LAYOUT.event_places, 0))
    with transport.Link(look.endpoint) as link:
        events, error = exchange.observe_events(link, look)
        assert not error and len(events) == len(LAYOUT.event_places)
        return link.requests


def check(port: int) -> None:
    """Both clients read the same, and it is right: the register at address a holds a."""
    answer = served(port)
    assert answer.seen, answer.error
    seen = answer.seen.feedback
    for (address, count), words in zip(REQUESTS, seen.values(), strict=True):
        assert words == tuple(range(address, address + count))
    raw = [answer[9:] for answer in bare.poll(port, REQUESTS)]
    assert raw == [b"".join(word.to_bytes(2, "big") for word in words) for words in seen.values()]


def polls(port: int, repetitions: int) -> tuple[float, float]:
    """Median seconds of a poll over a bare socket, and of ours."""
    check(port)
    pairs = [(bare.elapsed(bare.poll, port, REQUESTS), bare.elapsed(poll, port)) for _ in range(repetitions)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


# Exchange


def exchange_100(alive: int, dead: int) -> float:
    """Seconds for one round with 98 PLCs that answer and two that are silent."""
    ports = [alive] * 100
    ports[10] = ports[60] = dead
    answers = []

    def talk(port):
        answers.append((yield plan(port)))

    seconds = bare.elapsed(exchange.converse, [talk(port) for port in ports])
    assert sum(bool(answer.seen) for answer in answers) == 98
    assert sum(bool(answer.error) for answer in answers) == 2
    return seconds


# Slots


def slot_costs() -> dict[str, float]:
    """Microseconds of this process's time to decode and to encode a slot, in either word order."""
    calls = {}
    for key, word_order in (("slot", "high"), ("slot_low", "low")):
        layout = plc_layouts.job_numbers(word_order=word_order)
        values = plc_layouts.recipe_values() | {"finished": True, "weight": 998.5, "taken_job": 70001}
        words = tuple(layout.codec("feedback").encode(values))
        assert layout.codec("feedback").decode(words)["line_quantity"] == values["line_quantity"]
        calls[f"decode_{key}_us"] = partial(layout.codec("feedback").decode, words)
        calls[f"encode_{key}_us"] = partial(layout.codec("recipe").encode, values)
    rounds = [{key: timeit(call, number=100, timer=process_time) for key, call in calls.items()} for _ in range(200)]
    return {key: median(times[key] for times in rounds) / 100 * 1e6 for key in calls}


# Report


def measure() -> dict[str, float]:
    """All figures by key: those with a target, and what the ratios are made of."""
    figures = slot_costs()
    with ExitStack() as stack:
        instant, slow, silent = (stack.enter_context(server(*options)) for options in ((), ("--delay", "0.005"), ("--silent",)))
        bare_instant, poll_instant = polls(instant, 400)
        bare_slow, poll_slow = polls(slow, 25)
        figures["requests_per_poll"] = poll(instant)  # of the slots; failures and weighings are counted apart
        figures["requests_event_areas"] = poll_events(instant)
        figures["poll_ratio_5ms"] = poll_slow / bare_slow
        figures["poll_ratio_instant"] = poll_instant / bare_instant
        figures["exchange_100_plcs_s"] = median(exchange_100(slow, silent) for _ in range(3))
    polled = {"bare_5ms": bare_slow, "poll_5ms": poll_slow, "bare_instant": bare_instant, "poll_instant": poll_instant}
    figures |= protocols.measure() | opcua.measure()
    return figures | {f"{key}_ms": seconds * 1000 for key, seconds in polled.items()}


def main() -> None:
    """Measure, print, write."""
    figures = {key: round(value, 3) for key, value in measure().items()}
    print(f"{'':<22}{'measured':>10}{'target':>10}")
    for key, target in TARGETS.items():
        print(f"{key:<22}{figures[key]:>10g}{'<= ' + str(target):>10}{'' if figures[key] <= target else '  MISSED'}")
    for key in (key for key in figures if key not in TARGETS):
        print(f"{key:<22}{figures[key]:>10g}")
    file = ROOT / "bench.json"
    merged = (json.loads(file.read_text()) if file.exists() else {}) | figures
    file.write_text(json.dumps(merged, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
