"""Bad input for what every other module stands on."""

from v2g_nb.ledger import Item

ITEM = Item("highway.test", "a claim", "tools/waiting-lines", True)
HIDDEN: list = []
