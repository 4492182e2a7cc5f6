"""A curve as an inline drawing, with the same in words for those who can't see it.

Not Gradio's LinePlot: fifteen of them bring 650 KB of script, redraw for an eighth of a processor core, hide from
screen readers what they show, and can't put a mean through noisy points.
"""

from collections.abc import Sequence

from ghigliottina.ui.markup import Html, tag
from ghigliottina.ui.text import Language, number, say
from ghigliottina.ui.watching import Curve

MOST = 240
"""Points that are drawn; of a longer curve, the means of neighbours."""
WIDTH, HEIGHT = 300, 100
LATELY = 0.25
"""How much a new value moves the mean."""


def figure(curve: Curve, title: str, meaning: str, steps: int, language: Language) -> Html:
    """A curve with its title, its latest mean, and the sentence that says what it means. x runs to `steps`."""
    points = thinned(curve.points)
    mean = smoothed([value for _, value in points])
    low, high = (0.0, 1.0) if curve.share else bounds([value for _, value in points])

    def place(step: float, value: float) -> str:
        x = (step - 1) / max(steps - 1, 1) * WIDTH
        return f"{x:.1f} {HEIGHT - (value - low) / (high - low) * HEIGHT:.1f}"

    dots = "".join(f"M{place(*point)}h0" for point in points)
    line = "M" + "L".join(place(step, value) for (step, _), value in zip(points, mean, strict=True))
    drawing = tag(
        "svg",
        tag("path", d="M0 0H300M0 50H300M0 100H300", class_="g-rules"),
        tag("path", d=dots, class_="g-dots"),
        tag("path", d=line, class_="g-line"),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=_said(curve, title, language),
    )
    scale = [tag("span", f"{value:.0f}" if curve.share else written(value, curve, language)) for value in (high, low)]
    return tag(
        "figure",
        tag("figcaption", tag("span", title), tag("strong", written(mean[-1], curve, language))),
        tag(
            "div",
            tag("div", *scale, class_="g-scale", aria_hidden="true"),
            drawing,
            tag("div", tag("span", "1"), tag("span", str(steps)), class_="g-steps", aria_hidden="true"),
            class_="g-plot",
        ),
        tag("p", meaning),
        class_="g-curve",
        data_curve=curve.name,
    )


def horizon(curve: Curve, planned: int) -> int:
    """The step that a drawing runs to: the last one planned, unless the curve would fill less than a third of it."""
    latest = curve.points[-1][0]
    return max(latest, min(planned, max(3 * latest, 10)))


def thinned(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """At most `MOST` points: the means of as many neighbours as it takes."""
    size = -(-len(points) // MOST)
    chunks = [points[start : start + size] for start in range(0, len(points), size)]
    return [(sum(s for s, _ in chunk) / len(chunk), sum(v for _, v in chunk) / len(chunk)) for chunk in chunks]


def smoothed(values: Sequence[float]) -> list[float]:
    """The running mean, which forgets what is long ago."""
    mean, means = values[0], []
    for value in values:
        mean += LATELY * (value - mean)
        means.append(mean)
    return means


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """A range with a little air above and below, never empty."""
    low, high = min(values), max(values)
    air = (high - low) * 0.1 or max(abs(high) * 0.1, 0.01)
    return (max(low - air, 0.0) if low >= 0 else low - air), high + air


def written(value: float, curve: Curve, language: Language) -> str:
    """A value as it stands beside its curve."""
    return number(value, language, 0 if abs(value) >= 20 else 3 if curve.name in ("loss", "entropy") else 2)


def _said(curve: Curve, title: str, language: Language) -> str:
    values = [value for _, value in curve.points]
    figures = {"first": values[0], "last": values[-1], "lowest": min(values), "highest": max(values)}
    words = {name: written(value, curve, language) for name, value in figures.items()}
    ends = {"from_step": curve.points[0][0], "to_step": curve.points[-1][0]}
    return say("curve_said", language, title=title, **words, **ends)
