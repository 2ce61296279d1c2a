"""`python -m tests.chaos --flows 2000 --seed 7 --faults 30`: flows against wallets that misbehave; what came of it.

The flows are shared out over shards, each with a database and a wallet provider of its own. Ends with 1 when a promise
was broken, or when too few calls went wrong to mean anything.
"""

import argparse
import sys

from tests.chaos.shards import Report, run


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--flows", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--faults", type=int, default=30, help="percent of calls that go wrong, at least")
    parser.add_argument("--shards", type=int, default=2)
    options = parser.parse_args(arguments)
    report = run(flows=options.flows, seed=options.seed, faults=options.faults, shards=options.shards)
    sys.stdout.write(told(report) + "\n")
    if report.problems or report.faulty_percent < options.faults:
        return 1
    return 0


def headline(report: Report) -> str:
    calls, faulty = report.total(report.calls), report.total(report.faults)
    share = f"{faulty} of them faulty ({report.faulty_percent:.1f} %)"
    return f"{report.flows} flows, {calls} calls, {share}, {report.entries} ledger entries, {report.seconds:.0f} s"


def told(report: Report) -> str:
    lines = [headline(report)]
    for title, counts in (
        ("flows", report.flows_by_way),
        ("settled", report.settled),
        ("payment requests", report.requests),
        ("payments", report.payments),
        ("why requests are as they are", report.reasons),
        ("calls", report.calls),
        ("faults", report.faults),
        ("what else happened", report.happened),
        ("refused to people", report.refusals),
    ):
        told = ", ".join(f"{name} {number}" for name, number in sorted(counts.items(), key=lambda row: -row[1]))
        lines.append(f"{title}: {told}")
    lines += [f"waits for a person: {waiting}" for waiting in report.attention]
    lines += [f"BROKEN: {problem}" for problem in report.problems]
    lines.append(f"trace {report.trace}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
