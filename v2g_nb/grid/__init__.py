"""The grid model: an operator, two stations and cars on nine buses."""
