"""Does the battery carry a trip? Checked by driving it link by link."""

from itertools import pairwise

import numpy as np

from v2g_nb.certificate import Certificate
from v2g_nb.checks import invalid
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
    >>> trip = Trip((1, 3, 12, 13, 24, 21, 20), (Stop(12, "-", 7.2),), 24.0)
    >>> [c.holds for c in trip_certificates(sioux_falls(), trip, Battery())]
    [True, True, True]

    References
    ----------
    Equation (2) and assumptions A2 to A4 of the city paper. A1, two stops at most, and that nobody
    discharges twice, a part of A3, are checked by `Trip` itself.
    """
    reserve, energy = battery.reserve * battery.capacity_kwh, battery.capacity_kwh
    short = greedy = driven = 0.0
    waiting = list(trip.stops)
    last_discharge: float | None = None  # how far above the floor the last discharge stayed
    for here, there in pairwise(trip.nodes):
        if (here, there) not in city.numbers:
            raise invalid("trip", trip, f"on links of the map: none leads from {here} to {there}")
        length = float(city.length_km[city.numbers[here, there]])
        driven += length
        energy -= battery.use_kwh_per_km * length
        short = max(short, -energy)
        if not waiting or waiting[0].node != there:
            continue
        stop = waiting.pop(0)
        if stop.kind == "+":
            needed = battery.reserve_before_charging * battery.capacity_kwh
            short = max(short, needed - energy)
            if last_discharge is not None:
                greedy = max(greedy, abs(min(last_discharge, energy - needed)))
            energy += stop.energy_kwh
            greedy = max(greedy, abs(energy - battery.capacity_kwh))
            reserve, last_discharge = battery.reserve * battery.capacity_kwh, None
        else:
            energy -= stop.energy_kwh
            greedy = max(greedy, battery.least_discharge_kwh - stop.energy_kwh)
            last_discharge = energy - battery.floor * battery.capacity_kwh
            short = max(short, -last_discharge)
            reserve = battery.reserve_after_discharging * battery.capacity_kwh
    short = max(short, reserve - energy)
    if last_discharge is not None:
        greedy = max(greedy, abs(min(last_discharge, energy - reserve)))
    if not np.isfinite([driven, energy]).all():
        short = greedy = float("nan")
    return (
        Certificate("length is that of the links", abs(driven - trip.length_km), TOLERANCE_KWH, "km"),
        Certificate("battery short of what it must hold", short, TOLERANCE_KWH, "kWh"),
        Certificate("stops charge or discharge all they may", greedy, TOLERANCE_KWH, "kWh"),
    )
