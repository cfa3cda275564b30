"""The highway model: queues, matching and prices of charging stations."""
