"""Charts: Plotly's script from its own package, and the figures that it draws."""

from pathlib import Path
from typing import Any

import plotly

# The script lies in the package: nothing is loaded from another host.
CHARTS_FOLDER = Path(plotly.__file__).parent / "package_data"

Figure = dict[str, Any]


def bars(points: list[tuple[str, float]], name: str) -> dict[str, Any]:
    """One series of bars: a trace of Plotly's JSON."""
    return {"type": "bar", "name": name, "x": [x for x, _ in points], "y": [y for _, y in points]}


def line(points: list[tuple[str, float]], name: str) -> dict[str, Any]:
    """One line over days or hours: a trace of Plotly's JSON."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return {"type": "scatter", "mode": "lines+markers", "name": name, "x": xs, "y": ys}


def dots(points: list[tuple[str, float, float, float]], name: str) -> dict[str, Any]:
    """Estimates with their intervals, one a row (label, estimate, low, high): a trace of Plotly's JSON."""
    reach = {"array": [high - x for _, x, _, high in points], "arrayminus": [x - low for _, x, low, _ in points]}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [x for _, x, _, _ in points],
        "y": [label for label, *_ in points],
        "marker": {"size": 11},
        "error_x": {"type": "data", "symmetric": False, "thickness": 2, "width": 8, **reach},
    }


def figure(*traces: dict[str, Any], x_title: str, y_title: str, **layout: Any) -> Figure:
    """What `static/charts.js` draws; colours and fonts come from the page's style sheet there."""
    axes = {"xaxis": {"title": {"text": x_title}}, "yaxis": {"title": {"text": y_title}, "rangemode": "tozero"}}
    return {"data": list(traces), "layout": {**axes, **layout}}
