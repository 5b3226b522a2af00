"""An audit as it is shown: table, page and figure."""
