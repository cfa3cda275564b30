"""What the energies of stops imply: a reserve decides who sells."""

from hypothesis import given
from hypothesis import strategies as st

from v2g_nb.city import Battery
from v2g_nb.city.path_generation import stop_energies


@given(
    capacity=st.floats(20.0, 100.0),
    use=st.floats(0.1, 4.0),
    reserve=st.floats(0.0, 0.5),
    waived=st.floats(0.0, 0.5),
    length=st.floats(5.0, 60.0),
    more=st.floats(0.0, 10.0),
    place=st.floats(0.01, 0.99),
)
def test_a_sale_on_the_longer_way_needs_a_lower_reserve(capacity, use, reserve, waived, length, more, place):
    """Theorem: if L needs a charge and L' >= L admits a sale Q alone, alpha - alpha_d > (Q + e (L' - L)) / E."""
    battery = Battery(capacity, use, floor=0.0, reserve=reserve, reserve_after_discharging=waived)
    longer = length + more
    needs_charge = stop_energies(battery, [length], "") is None
    sale = stop_energies(battery, [place * longer, (1 - place) * longer], "-")
    if needs_charge and sale is not None:
        assert reserve - waived > (sale[0] + use * (longer - length)) / capacity - 1e-9
