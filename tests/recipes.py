"""Ten things people come for, each in a few lines from the faces; run as a script, also where only the wheel is."""

import tempfile
from fractions import Fraction
from math import isclose
from pathlib import Path

import numpy as np


def a_queue() -> None:
    """Eight chargers, 6.5 cars a quarter of an hour: how long does a driver wait?"""
    from v2g_nb import queueing

    station = queueing.solve_queue(8, 6.5, 1.1).require()
    assert round(15 * station.mean_wait, 2) == 2.19


def equal_waits() -> None:
    """Nine cars and two stations: what goes where so that all wait alike?"""
    from v2g_nb import highway, queueing

    shared = highway.solve_equal_waits([8, 6], 1.1, 9.0).require()
    assert np.allclose(queueing.mean_wait([8, 6], shared.arrival_rate, 1.1), shared.level)


def a_stable_matching() -> None:
    """Who charges where if everybody has a list?"""
    from v2g_nb import matching

    drivers = matching.Market([[0, 1], [0]], [[1, 0], [0, 1]], [1, 1])
    assert matching.deferred_acceptance(drivers).require().partner.tolist() == [1, 0]


def a_mixed_equilibrium() -> None:
    """An equilibrium of two stations' prices, in exact fractions."""
    from v2g_nb import games

    found = games.lemke_howson([[3, 0], [2, 2]], [[1, 2], [3, 0]]).require()
    assert found.row_strategy == (Fraction(3, 4), Fraction(1, 4))


def the_best_price() -> None:
    """What should one station ask of two drivers?"""
    from v2g_nb import leader

    crowd = leader.Followers([10.0, 10.0], [1.0, 1.0], [0.0, 0.0], [10.0, 10.0])
    assert isclose(leader.solve_leader(crowd, 0.5).require().price, 20 / 3)


def a_fleet_of_ones_own() -> None:
    """Two cars, half an hour of sun: when do they charge?"""
    from v2g_nb import campus

    fleet = campus.Fleet(2, [0, 0], [2, 2], [0.5, 0.5], [0.5, 0.5], hours=0.25)
    game = campus.FleetGame(fleet, [40.0, 0.0], [0.0, 0.0], 0.002, deviation_weight=0.002)
    assert isclose(campus.solve_fleet(game).require().total_kw[0], 37.8947, rel_tol=1e-5)


def roads_from_files(folder: Path) -> None:
    """User equilibrium on a network in the TransportationNetworks format."""
    from v2g_nb import networks

    net = "<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 2\n<FIRST THRU NODE> 1\n<NUMBER OF LINKS> 1\n<END OF METADATA>\n"
    net += "~ a b capacity length time b power speed toll type ;\n1 2 100 7 10 0.15 4 0 2 1 ;\n"
    (folder / "net.tntp").write_text(net)
    trips = "<NUMBER OF ZONES> 2\n<TOTAL OD FLOW> 200.0\n<END OF METADATA>\nOrigin 1\n    2 : 200.0;\n"
    (folder / "trips.tntp").write_text(trips)
    roads = networks.read_tntp_network(folder / "net.tntp")
    found = networks.solve_assignment(roads, networks.read_tntp_trips(folder / "trips.tntp")).require()
    assert isclose(found.least_cost[-1], 10 * (1 + 0.15 * 2**4))


def a_power_flow() -> None:
    """The lowest voltage of the nine buses."""
    from v2g_nb import grid, power

    assert 0.9 < power.solve_power_flow(grid.nine_bus()).require().voltage(5) < 1.0


def prices_on_a_feeder() -> None:
    """A dear generator behind a full line: what is a kWh worth at the end?"""
    from v2g_nb import power

    feeder = power.RadialFeeder(2, [0], [1], [0.01], [0.01], [60.0])
    problem = power.DispatchProblem(feeder, [0, 100], [0, 0], [1], [0.2], [0.0], [50], [0], 0.1)
    assert isclose(power.solve_dispatch(problem).require().dlmp[1], 0.2, rel_tol=1e-6)


def a_bill(folder: Path) -> None:
    """What shifting saves one session under two prices."""
    from datetime import datetime

    from v2g_nb import synthesis

    tariff = synthesis.Tariff(tuple(datetime(2024, 3, 1, h) for h in (8, 9, 10)), (0.4, 0.2))
    (folder / "sessions.csv").write_text(
        "id,arrival,departure,energy_kwh,power_kw\na,2024-03-01 08:00,2024-03-01 10:00,10,10\n"
    )
    assert len(synthesis.tariff_gains(folder / "sessions.csv", tariff)) == 1


def main() -> None:
    """Run all ten."""
    for recipe in (a_queue, equal_waits, a_stable_matching, a_mixed_equilibrium, the_best_price):
        recipe()
    for recipe in (a_fleet_of_ones_own, a_power_flow, prices_on_a_feeder):
        recipe()
    with tempfile.TemporaryDirectory() as folder:
        roads_from_files(Path(folder))
        a_bill(Path(folder))
    print("ten recipes run")


if __name__ == "__main__":
    main()
