"""The seeds' own table, and tables by chance, as people type them by hand."""

from dataclasses import replace
from random import Random

from handmade_tables import GRADIENTS, RATES, STEPS, TOTALS, Layout, Network, Spelling, Table

SEED_NUMBERS = dict(
    zip(
        ["i1", "i2", "t1", "t2", *(f"w{n}" for n in range(1, 9))],
        [0.05, 0.1, 0.01, 0.99, 0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55],
        strict=True,
    )
)


def random_numbers(network: Network, rng: Random) -> dict[str, float]:
    """Inputs, targets and parameters of two or three digits, no two of a family alike."""
    numbers: dict[str, float] = {}
    for names, span in (
        (network.names("i"), range(3, 100)),
        (network.names("t"), range(1, 100)),
        (network.parameters, range(-90, 91, 2)),
    ):
        numbers |= {n: v / 100 for n, v in zip(names, rng.sample(span, len(names)), strict=True)}
    return numbers


def random_spelling(rng: Random) -> Spelling:
    sigmoid, error, difference, slope, update = (rng.randrange(n) for n in (5, 5, 3, 3, 4))
    return Spelling(sigmoid, error, difference, slope, update, rng.random() < 0.3)


def random_layout(rng: Random) -> Layout:
    """Any of the header styles, places and habits, but for helper columns and pasted values."""
    return Layout(
        row=rng.choice((0, 0, 1, 4, 12, 31)),
        column=rng.choice((0, 0, 1, 3)),
        total=rng.choice(TOTALS),
        gradient=rng.choice(GRADIENTS),
        activation=rng.choice(("a_", "a_", "out_")),
        zero=rng.random() < 0.3,
        case=rng.choice((str, str, str.upper, str.lower)),
        shuffle=rng.choice((None, rng.randrange(10**6))),
        gaps=rng.random() < 0.3,
        extras=rng.random() < 0.3,
        step=rng.choice(STEPS),
        rate=rng.choice(("labelled", "labelled", "unlabelled", "formula", "column")),
        label=rng.choice(RATES),
        given=rng.choice(("constant", "anchored", "above")),
        notes=rng.random() < 0.5,
    )


def seed_table(rows: int = 8, **layout: object) -> Table:
    """The seeds' own table, with a learning rate of 0.5."""
    return Table(Network(), SEED_NUMBERS, 0.5, rows, replace(Layout(), **layout))  # type: ignore[arg-type]
