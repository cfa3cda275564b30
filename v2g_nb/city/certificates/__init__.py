"""What a trip and an equilibrium of the city have to satisfy, checked by code that knows no solver."""
