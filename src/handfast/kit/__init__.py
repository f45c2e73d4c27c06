"""Clock, ids, errors and bytes: what every package needs and no domain word may enter."""
