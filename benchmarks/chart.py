"""Bars as SVG, written by hand: a panel a title, a bar a name with its value behind it."""
from xml.sax.saxutils import escape

WIDTH, NAMES, VALUES, BAR, TITLE, MARGIN = 880, 310, 60, 22, 34, 14
# On light and on dark pages alike: no background, and grey that shows on both.
OURS, OTHERS, TEXT = "#d9662b", "#8a94a0", "#7a828c"


def bar(name, value, longest, y):
    length = max((WIDTH - NAMES - VALUES - 2 * MARGIN) * value / longest, 1)
    ours = name.startswith("libbatchjobs")
    return [f'<text x="{MARGIN + NAMES - 8}" y="{y + 15}" text-anchor="end"{" font-weight=" + chr(34) + "bold" + chr(34) if ours else ""}>'
            f"{escape(name)}</text>",
            f'<rect x="{MARGIN + NAMES}" y="{y + 3}" width="{length:.1f}" height="{BAR - 6}" fill="{OURS if ours else OTHERS}"/>',
            f'<text x="{MARGIN + NAMES + length + 6:.1f}" y="{y + 15}">{value:.2f}</text>']


def draw(panels):
    lines, y = [], MARGIN
    for panel in panels:
        lines.append(f'<text x="{MARGIN}" y="{y + 18}" font-size="14" font-weight="bold">{escape(panel.title)}</text>')
        y += TITLE
        longest = max(value for _, value in panel.bars)
        for name, value in panel.bars:
            lines += bar(name, value, longest, y)
            y += BAR
        y += MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{TEXT}">', *lines, "</svg>", ""])
