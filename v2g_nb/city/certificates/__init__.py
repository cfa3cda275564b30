"""What a trip and an equilibrium of the city have to satisfy, checked by code that knows no solver."""

from v2g_nb.city.certificates.drivers import driver_certificates, outside_certificate
from v2g_nb.city.certificates.equilibrium import city_certificates
from v2g_nb.city.certificates.players import player_certificates
from v2g_nb.city.certificates.trips import trip_certificates

__all__ = [
    "city_certificates",
    "driver_certificates",
    "outside_certificate",
    "player_certificates",
    "trip_certificates",
]
