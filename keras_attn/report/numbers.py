"""Numbers in print: decimals with a real minus sign, p-values, and names in a row."""

import numpy as np

NONE = "–"
"""In place of a number where there is none."""


def decimals(value, digits=4):
    """A number as it is printed; a dash where there is none."""
    if np.isnan(value):
        return NONE
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")


def with_interval(value, low, high, digits=3):
    """Such as "0.512 [0.488, 0.537]"; the number alone where it has no interval."""
    if np.isnan(low):
        return decimals(value, digits)
    return f"{decimals(value, digits)} [{decimals(low, digits)}, {decimals(high, digits)}]"


def p_value(p):
    """A p as "= 0.012" or "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"= {decimals(p, 3)}"


def listed(names):
    """Such as "V, VI and VIII"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
