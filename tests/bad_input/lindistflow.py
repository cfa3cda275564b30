"""Bad input for radial feeders and their dispatch."""

from dataclasses import asdict

import numpy as np

from tests.bad_input.kinds import Kind, array, call, instance, integer, other, real
from v2g_nb import power as lindistflow
from v2g_nb.power import DispatchProblem, RadialFeeder, solve_dispatch
from v2g_nb.power import dispatch_certificates as dispatch_proof
from v2g_nb.power import flow_certificates as flow_proof

TREE = RadialFeeder(2, [0], [1], [0.01], [0.01], [500.0])
FEEDER = instance(TREE)
PROBLEM = DispatchProblem(TREE, [0.0, 100.0], [0.0, 10.0], [1], [0.2], [0.0], [50.0], [20.0], 0.1)
ANSWER = solve_dispatch(PROBLEM)
POSITIVE = real(1.0, low=0, open_low=True)
AT_LEAST_0 = real(0.1, low=0)
LOAD = array([0.0, 100.0]).also([1.0])
GENERATORS = array([0.5], low=0, empty=True).also([0.5, 0.5])


def claim(good: object) -> Kind:
    """An array of which every number may be claimed: a NaN makes its certificate fail."""
    return other(good, "seven", [None] * 2, [0.5] * 5, np.full((2, 2, 2), 0.1))


def line(good: list[float], **options: object) -> Kind:
    return array(good, low=0, empty=True, **options).also([0.1, 0.1])  # type: ignore[arg-type]


CALLS = [
    call(
        RadialFeeder,
        num_buses=integer(2, low=1),
        tails=array([0], low=0, high=1, empty=True).also([0.5]),
        heads=array([1], low=0, high=1, empty=True).also([0.5], [1, 0]),
        resistance=line([0.01]),
        reactance=line([0.01]),
        rating_kva=line([500.0], open_low=True, infinite=True),
        root=integer(0, low=0, high=1),
        base_kva=POSITIVE,
        names=other(["a", "b"], "ab", ["a"], 7, ["a", ""]),
    ),
    call(lindistflow.lindistflow, feeder=FEEDER, load_kw=LOAD, load_kvar=LOAD, source_voltage_pu=POSITIVE),
    call(
        DispatchProblem,
        feeder=FEEDER,
        load_kw=LOAD,
        load_kvar=LOAD,
        generator_bus=array([1], low=0, high=1, empty=True).also([0.5]),
        **dict.fromkeys(("cost_per_kwh", "cost_slope", "capacity_kw", "reactive_kvar"), GENERATORS),
        **dict.fromkeys(("import_cost_per_kwh", "import_kw", "import_kvar", "shed_cost_per_kwh"), AT_LEAST_0),
        source_voltage_pu=POSITIVE,
        lowest_pu=real(0.9, low=0, open_low=True).also(1.2),
        highest_pu=real(1.1, low=0, open_low=True).also(0.5),
        facets=integer(8, low=4),
    ),
    call(lindistflow.solve_dispatch, problem=instance(PROBLEM)),
    call(
        flow_proof.flow_certificates,
        feeder=FEEDER,
        load_kw=claim([0.0, 100.0]),
        load_kvar=claim([0.0, 0.0]),
        active_kw=claim([100.0]),
        reactive_kvar=claim([0.0]),
        voltage_pu=claim([1.0, 1.0]),
        source_voltage_pu=POSITIVE,
        tolerance=real(1e-9, low=0),
    ),
    call(
        dispatch_proof.dispatch_certificates,
        problem=instance(PROBLEM),
        **{
            name: claim(value) if np.ndim(value) else other(value, "seven", None, [1.0, 2.0])
            for name, value in asdict(ANSWER).items()
            if name not in ("cost", "converged", "num_iter", "residual", "certificates")
        },
    ),
]
