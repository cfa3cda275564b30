"""Above the rooms: one fleet under the mechanisms of all four papers, and readers for data of one's own."""
