"""`python -m benchmarks.repair`: what one decision that falls away costs, where every place is taken.

Each learner has eight candidates, each mentor five learners and no place to spare but one, so that ways through others
are searched as deep as they may go. Seconds are of the processor, the matcher's part alone.
"""

from __future__ import annotations

import random
import time

from matching import repair

SIZES = (1_000, 5_000)
CANDIDATES, MENTEES = 8, 5
SEED = 1


def crowd(size: int) -> tuple[list[tuple[str, str, int]], dict[str, int], dict[str, str]]:
    """Make the allowed pairs, the places, and who is asked for whom but for the first learner."""
    chance = random.Random(SEED)
    mentors = [f"m{number:05}" for number in range(size // MENTEES)]
    pairs, now = [], {}
    for number in range(size):
        own = mentors[number // MENTEES]
        others = chance.sample([mentor for mentor in mentors if mentor != own], CANDIDATES - 1)
        pairs += [(f"e{number:05}", mentor, chance.randrange(10_000)) for mentor in [own, *others]]
        now[f"e{number:05}"] = own
    # Whoever said no has a place again, for anybody but the first learner.
    gone = now.pop("e00000")
    pairs.remove(next(pair for pair in pairs if pair[:2] == ("e00000", gone)))
    return pairs, dict.fromkeys(mentors, MENTEES), now


def main() -> None:
    """Print the seconds for each size."""
    for size in SIZES:
        pairs, places, now = crowd(size)
        begun = time.process_time()
        changes = repair.mentors(pairs, places, now)
        seconds = time.process_time() - begun
        print(f"{size} learners: {seconds:.2f} s, {len(changes)} changes")


if __name__ == "__main__":
    main()
