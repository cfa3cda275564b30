"""pygambit, in the peers' environment: exact Lemke-Howson on an integer game. JSON in, JSON out."""

import json
import sys
import time
from importlib.metadata import version

import numpy as np
import pygambit


def main() -> None:
    """Solve the game on standard input and print each equilibrium as strings of fractions."""
    request = json.load(sys.stdin)
    kind = getattr(pygambit, "StrategicGame", pygambit.Game)  # its name from version 17 on
    game = kind.from_arrays(np.array(request["row"], dtype=object), np.array(request["column"], dtype=object))
    begin = time.perf_counter()
    found = pygambit.nash.lcp_solve(game, rational=True, stop_after=request.get("stop_after", 1))
    took = time.perf_counter() - begin
    answer = [[[str(p) for _, p in profile[player]] for player in game.players] for profile in found.equilibria]
    json.dump({"version": version("pygambit"), "answer": answer, "seconds": took}, sys.stdout)


if __name__ == "__main__":
    main()
