"""Tables with units in the column names, and their loaders; see SOURCES.md for where they come from."""
