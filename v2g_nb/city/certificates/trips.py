"""Does the battery carry a trip? Checked by driving it link by link."""

import numpy as np

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.city.roads import RoadMap
from v2g_nb.city.trips import Battery, Trip

TOLERANCE_KWH = 1e-6


def trip_certificates(city: RoadMap, trip: Trip, battery: Battery) -> tuple[Certificate, ...]:
    """Drive a trip link by link and check its energies.

    Parameters
    ----------
    city : RoadMap
        The roads.
    trip : Trip
        Nodes and stops.
    battery : Battery
        The battery and its driver's rules.

    Returns
    -------
    tuple of Certificate
        Three: the length is that of the links; the battery never holds less than it must; every
        stop is greedy (a charge fills up, a discharge goes down to the floor or to what the way needs).

    Raises
    ------
    InvalidInput
        If an argument is not of its kind, or the trip leaves the roads.

    Examples
    --------
    >>> from v2g_nb.city.roads import sioux_falls
    >>> from v2g_nb.city.trips import Stop
    >>> trip = Trip((1, 3, 12, 13, 24, 21, 20), (Stop(12, "-", 7.2),), 24.0)
    >>> [c.holds for c in trip_certificates(sioux_falls(), trip, Battery())]
    [True, True, True]

    References
    ----------
    Equation (2) and assumptions A2 to A4 of the city paper. A1, two stops at most, and that nobody
    discharges twice, a part of A3, are checked by `Trip` itself.
    """
    roads = checks.instance("city", city, RoadMap)
    way = checks.instance("trip", trip, Trip)
    rules = checks.instance("battery", battery, Battery)
    reserve = rules.reserve * rules.capacity_kwh
    energy = rules.capacity_kwh
    short = greedy = driven = 0.0
    waiting = list(way.stops)
    last_discharge: float | None = None  # how far above the floor the last discharge stayed
    for here, there in zip(way.nodes, way.nodes[1:], strict=False):
        length = float(roads.length_km[roads.link(here, there)])
        driven += length
        energy -= rules.use_kwh_per_km * length
        short = max(short, -energy)
        if not waiting or waiting[0].node != there:
            continue
        stop = waiting.pop(0)
        if stop.kind == "+":
            needed = rules.reserve_before_charging * rules.capacity_kwh
            short = max(short, needed - energy)
            if last_discharge is not None:
                greedy = max(greedy, abs(min(last_discharge, energy - needed)))
            energy += stop.energy_kwh
            greedy = max(greedy, abs(energy - rules.capacity_kwh))
            reserve, last_discharge = rules.reserve * rules.capacity_kwh, None
        else:
            energy -= stop.energy_kwh
            greedy = max(greedy, rules.least_discharge_kwh - stop.energy_kwh)
            last_discharge = energy - rules.floor * rules.capacity_kwh
            short = max(short, -last_discharge)
            reserve = rules.reserve_after_discharging * rules.capacity_kwh
    short = max(short, reserve - energy)
    if last_discharge is not None:
        greedy = max(greedy, abs(min(last_discharge, energy - reserve)))
    if not np.isfinite([driven, energy]).all():
        short = greedy = float("nan")
    return (
        Certificate("length is that of the links", abs(driven - way.length_km), TOLERANCE_KWH, "km"),
        Certificate("battery short of what it must hold", short, TOLERANCE_KWH, "kWh"),
        Certificate("stops charge or discharge all they may", greedy, TOLERANCE_KWH, "kWh"),
    )
