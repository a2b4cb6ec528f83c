"""Small plots as SVG text: lines over a path's round-trip time, one panel for each loss rate."""

import math
from html import escape

COLOURS = ("#1b6ca8", "#d1495b", "#3a7d44", "#8d5a97", "#8a8a8a", "#c47f17")
WIDTH, HEIGHT, LEFT, TOP, GAP = 250, 230, 60, 40, 30
NAME, ROW = 160, 20  # room for a name below, and for a row of them
DARK, LIGHT = "#333333", "#dddddd"


def text(x, y, words, anchor="middle", size=12, colour=DARK):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
            f'fill="{colour}">{escape(words)}</text>')


def line(points, colour, width):
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


class Panel:
    """One diagram: x linear, y logarithmic from LOWEST to HIGHEST, both powers of ten."""

    def __init__(self, left, xs, lowest, highest):
        self.left, self.xs, self.lowest, self.highest = left, xs, lowest, highest

    def at(self, x, y):
        span = math.log10(self.highest / self.lowest)
        height = math.log10(max(y, self.lowest) / self.lowest) / span
        return (self.left + WIDTH * (x - self.xs[0]) / ((self.xs[-1] - self.xs[0]) or 1),
                TOP + HEIGHT * (1 - height))

    def frame(self, title, x_label, with_numbers):
        parts = [text(self.left + WIDTH / 2, TOP - 12, title, size=13)]
        y = self.lowest
        while y <= self.highest * 1.001:
            parts.append(line([self.at(self.xs[0], y), self.at(self.xs[-1], y)], LIGHT, 1))
            if with_numbers:
                parts.append(text(self.left - 6, self.at(0, y)[1] + 4, f"{y:g}", "end", 11))
            y *= 10
        for x in self.xs:
            parts.append(text(self.at(x, 1)[0], TOP + HEIGHT + 16, f"{x:g}", size=11))
        parts.append(text(self.left + WIDTH / 2, TOP + HEIGHT + 34, x_label))
        return parts

    def curve(self, points, colour):
        drawn = [self.at(x, y) for x, y in points]
        return [line(drawn, colour, 2),
                *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in drawn)]


def panels(title, x_label, y_label, names, data):
    """DATA: {title of a panel: {name: [(x, y), ...]}}; what is 0 is drawn at the bottom."""
    all_points = [p for curves in data.values() for points in curves.values() for p in points]
    values = [y for _, y in all_points if y > 0]
    lowest = 10 ** math.floor(math.log10(min(values, default=1)))
    highest = 10 ** math.ceil(math.log10(max(values, default=10) * 1.001))
    xs = sorted({x for x, _ in all_points})
    width = LEFT + len(data) * (WIDTH + GAP)
    per_row = max(1, (width - LEFT) // NAME)
    first_row = TOP + HEIGHT + 66
    height = first_row + ROW * ((len(names) - 1) // per_row) + 14
    parts = []
    for number, (name, curves) in enumerate(data.items()):
        panel = Panel(LEFT + number * (WIDTH + GAP), xs, lowest, highest)
        parts += panel.frame(name, x_label, number == 0)
        for stack, points in curves.items():
            parts += panel.curve(sorted(points), COLOURS[names.index(stack) % len(COLOURS)])
    parts.append(f'<g transform="translate(14 {TOP + HEIGHT / 2}) rotate(-90)">'
                 f"{text(0, 0, y_label)}</g>")
    for number, name in enumerate(names):
        x, y = LEFT + number % per_row * NAME, first_row + number // per_row * ROW
        colour = COLOURS[number % len(COLOURS)]
        parts += [line([(x, y - 4), (x + 24, y - 4)], colour, 3), text(x + 30, y, name, "start")]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif">\n'
            f"<title>{escape(title)}</title>\n"
            f'<rect width="{width}" height="{height}" fill="white"/>\n' + "\n".join(parts)
            + "\n</svg>\n")
