"""What the tasks call: running notebooks, building pages, checking them. No chapter imports this."""
