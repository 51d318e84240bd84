"""The limits of ``make load``: written down before anything was measured, from what people and plants can wait for.

A plant of 100 PLCs with ten slots each; the history grows from 1,000 to 100,000 batches and a million journal lines.
"""

HISTORY = (1_000, 10_000, 100_000)  # batches; ten times as many journal lines
PLCS, SLOTS = 100, 10

LIMITS = {
    # Task 1, 2 and 3 run every 60, 5 and 3 minutes; one run must be over long before the next
    "fill": ("s for 100 PLCs, 1,000 orders", 60),
    "download": ("s until 1,000 recipes are offered to 100 PLCs", 90),
    "exchange": ("s for a look at 100 PLCs, 1,000 batches, nothing new", 10),
    "write_back": ("s for 100 orders", 30),
    # a screen that takes longer than this feels slow
    "list": ("ms for the slowest first page of any list", 300),
    "form": ("ms for the slowest form", 300),
    # who opens these expects them to count
    "board": ("ms for the board of 100 PLCs", 1000),
    "chart": ("ms for the slowest pivot, graph or calendar, as it is opened", 1000),
}
GROWTH = 1.5  # at most: from the smallest to the largest history
GROWS = ("chart",)  # but not what sums up a year: the smallest history is one of three days
