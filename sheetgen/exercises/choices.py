"""What the teacher chooses of an exercise: its topic, its level, the seed of its numbers.

Nothing is imported here, for `sheetgen --help` lists the choices.
"""

TOPICS = ("forward", "backward", "update", "all")
LEVELS = (1, 2, 3)
MAXIMUM_SEED = 2**63 - 1  # a key is JSON, whose readers know no larger whole numbers
