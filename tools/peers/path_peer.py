"""Solve a mixed complementarity problem with PATH, through GAMSPy and its demonstration licence.

Reads a problem from standard input: a sparse linear part, BPR times and smooth waiting times, and
a box. Writes the point, the time of the solver alone, and versions.
"""

import json
import sys
from typing import Any

import gamspy as gp
import numpy as np


def column(box: Any, index: Any, name: str, values: list[list[float]]) -> Any:
    """Return numbers by place as a parameter."""
    return gp.Parameter(box, name, domain=index, records=[(str(k), v) for k, v in values])


def main() -> None:
    """Solve what stands on standard input."""
    data = json.load(sys.stdin)
    box = gp.Container()
    j = gp.Set(box, "j", records=[str(k) for k in range(data["size"])])
    i = gp.Alias(box, "i", j)
    entries = [(str(a), str(b), v) for a, b, v in data["entries"]]
    matrix = gp.Parameter(box, "matrix", domain=[j, i], records=entries)
    constant = column(box, j, "constant", [[k, v] for k, v in enumerate(data["constant"]) if v])
    names = ("time", "rise", "wait", "slope", "sharpness", "room")
    part = {name: column(box, j, name, data[name]) for name in names}
    roads = gp.Set(box, "roads", domain=j, records=[str(k) for k, _ in data["time"]])
    queues = gp.Set(box, "queues", domain=j, records=[str(k) for k, _ in data["wait"]])
    z = gp.Variable(box, "z", domain=j)
    z.lo[j], z.up[j] = -np.inf, np.inf
    for bound, values in ((z.lo, data["lower"]), (z.up, data["upper"])):
        for k, value in values:
            bound[str(k)] = value
    f = gp.Equation(box, "f", domain=j)
    queue = gp.math.log(gp.Number(1) + gp.math.exp(part["sharpness"][j] * z[j] - part["room"][j]))
    f[j] = gp.Sum(i, matrix[j, i] * z[i]) + constant[j] + (
        part["time"][j] + part["rise"][j] * z[j] * z[j] * z[j] * z[j]
    ).where[roads[j]] + (part["wait"][j] + part["slope"][j] * queue).where[queues[j]] >= gp.Number(0)
    model = gp.Model(box, "city", problem="MCP", matches={f: z})
    model.solve(solver="PATH", solver_options={"convergence_tolerance": data["tolerance"]})
    answer = {
        "status": model.status.name if model.status else "",
        "point": z.records["level"].tolist(),
        "seconds": float(model.solve_model_time or 0.0),
        "version": f"PATH of GAMSPy {gp.__version__}",
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
