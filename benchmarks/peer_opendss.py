"""Solve the IEEE 123-bus feeder in OpenDSS; runs in the peers' environment: ``python peer_opendss.py FOLDER``.

FOLDER holds the feeder's OpenDSS files. Ties are opened, regulators stand at their neutral tap, and
the source is at 1.03 pu. Prints a JSON object: version, and for each bus the number of its phases and
the mean voltage magnitude over them [pu], with the loads' own models and with constant power.
"""

import json
import sys

import opendssdirect as dss

SOURCE_PU = 1.03


def solve(folder: str, constant_power: bool) -> dict[str, list[float]]:
    def command(text: str) -> None:
        dss.Text.Command(text)

    command("clear")
    command(f'redirect "{folder}/IEEE123Master.dss"')
    command("set controlmode=off")
    command(f"Vsource.source.pu={SOURCE_PU}")
    for tie in ("Sw7", "Sw8"):
        command(f"Line.{tie}.enabled=no")
    for name in dss.RegControls.AllNames():
        command(f"RegControl.{name}.enabled=no")
    for name in dss.Transformers.AllNames():
        if name.startswith("reg"):
            command(f"Transformer.{name}.Taps=[1 1]")
    if constant_power:
        for name in dss.Loads.AllNames():
            command(f"Load.{name}.model=1")
            command(f"Load.{name}.vminpu=0.7")
    command("solve")
    if not dss.Solution.Converged():
        raise SystemExit("OpenDSS did not converge")
    found = {}
    for bus in dss.Circuit.AllBusNames():
        dss.Circuit.SetActiveBus(bus)
        magnitudes = dss.Bus.puVmagAngle()[::2]
        found[bus] = [len(magnitudes), sum(magnitudes) / len(magnitudes)]
    return found


if __name__ == "__main__":
    own, constant = solve(sys.argv[1], False), solve(sys.argv[1], True)
    buses = {bus: [*own[bus], constant[bus][1]] for bus in sorted(own)}
    print(json.dumps({"version": dss.Basic.Version().splitlines()[0], "buses": buses}))
