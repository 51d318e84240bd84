"""``dev/soak``: hours of a plant go by in minutes, with everything that goes wrong in them."""
