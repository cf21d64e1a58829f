"""`python -m tests.fuzz [CAMPAIGN …] [--minutes M] [--seed N] [--tries K] [--only KIND]`: their counts."""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.campaigns import CAMPAIGNS, run


def main() -> int:
    """0 when nothing failed. Each failure is shown with the seed that makes it again."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "campaigns", nargs="*", metavar="CAMPAIGN", help=f"of {', '.join(CAMPAIGNS)}; all by default"
    )
    parser.add_argument("--minutes", type=float, default=10, help="for all campaigns together")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; the following count up")
    parser.add_argument("--tries", type=int, default=sys.maxsize, help="of each campaign, at most")
    parser.add_argument("--only", default="", metavar="KIND", help="kinds of try with this in their names")
    given = parser.parse_args()
    if unknown := set(given.campaigns) - set(CAMPAIGNS):
        parser.error(f"no campaign {', '.join(sorted(unknown))}; there are {', '.join(CAMPAIGNS)}")
    names = given.campaigns or CAMPAIGNS
    failed = 0
    for name in names:
        seeds = range(given.seed, min(given.seed + given.tries, sys.maxsize))
        tally = run(name, seeds, given.minutes * 60 / len(names), given.only)
        for seed, failure in tally.failures.items():
            print(f"\n--- {name}, seed {seed}\n{failure}")
        print(tally, flush=True)
        failed += len(tally.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
