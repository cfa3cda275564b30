"""What a mechanism leaves behind: who took what, who paid whom, and the checks that all mechanisms share."""

from dataclasses import dataclass

from v2g_nb import checks
from v2g_nb.certificate import Certificate
from v2g_nb.checks import FloatArray
from v2g_nb.synthesis.town import Town, car_value


@dataclass(frozen=True, eq=False)
class Outcome:
    """One mechanism's evening.

    Parameters
    ----------
    mechanism : str
        Its name.
    energy_kwh : numpy.ndarray, shape (cars, 2, hours)
        What each car took where and when.
    payment_eur : numpy.ndarray, shape (cars,)
        What each car paid.
    seller_eur : float
        Profit of stations or aggregator, after buying the energy.
    grid_eur : float
        What the grid's operator keeps; negative where it pays an incentive.
    price : numpy.ndarray, shape (2, hours)
        What the last kWh cost at each station in each hour [EUR/kWh]; NaN where nothing was offered.
    leader : numpy.ndarray
        What the leader decides: the posted prices; the price scale p and the other demand B of the
        aggregator's price p (B + S); the incentives; or the limits' prices.
    converged : bool
        Whether everything below it converged.
    num_iter : int
        Iterations of what was solved, in the unit of the mechanism's own solver.
    residual : float
        Largest violation among the certificates.
    certificates : tuple of Certificate
        Those of the mechanism's own solver, and the shared ones.
    """

    mechanism: str
    energy_kwh: FloatArray
    payment_eur: FloatArray
    seller_eur: float
    grid_eur: float
    price: FloatArray
    leader: FloatArray
    converged: bool
    num_iter: int
    residual: float
    certificates: tuple[Certificate, ...]


def car_surplus(town: Town, outcome: Outcome) -> FloatArray:
    """Return what each car gains: the worth of its energy, less its time, less what it pays.

    Parameters
    ----------
    town : Town
        The setting.
    outcome : Outcome
        What a mechanism left behind.

    Returns
    -------
    numpy.ndarray, shape (cars,)
        In EUR.

    Raises
    ------
    InvalidInput
        If an argument is of another kind, or the outcome is of another town.

    Examples
    --------
    >>> import numpy as np
    >>> from v2g_nb.synthesis.market import solve_market
    >>> from v2g_nb.synthesis.town import draw_town
    >>> town = draw_town(10, np.random.default_rng(1))
    >>> bool((car_surplus(town, solve_market(town)) > 0).all())
    True
    """
    checks.instance("outcome", outcome, Outcome)
    surplus: FloatArray = car_value(town, outcome.energy_kwh) - outcome.payment_eur
    return surplus


def welfare(town: Town, outcome: Outcome) -> float:
    """Return the worth of all energy to the cars, less their time and the cost of the energy: payments cancel.

    Parameters
    ----------
    town : Town
        The setting.
    outcome : Outcome
        What a mechanism left behind.

    Returns
    -------
    float
        In EUR.

    Raises
    ------
    InvalidInput
        If an argument is of another kind, or the outcome is of another town.

    Examples
    --------
    >>> import numpy as np
    >>> from v2g_nb.synthesis.market import solve_market
    >>> from v2g_nb.synthesis.town import draw_town
    >>> town = draw_town(10, np.random.default_rng(1))
    >>> made = solve_market(town)
    >>> total = car_surplus(town, made).sum() + made.seller_eur + made.grid_eur
    >>> bool(abs(total - welfare(town, made)) < 1e-6)
    True
    """
    checks.instance("outcome", outcome, Outcome)
    value = car_value(town, outcome.energy_kwh).sum()
    return float(value - town.energy_price @ outcome.energy_kwh.sum(axis=(0, 1)))
