"""How a badge looks: one calm medal in the tier's colour, as SVG and PNG, with the credential inside where asked for.

Text is drawn as outlines, so that a badge looks the same wherever it is shown. Letters that the font lacks are left to
the fonts of whoever shows it. What draws is imported when it is first needed.
"""

import importlib.util
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    import uharfbuzz

SIZE = 640
PIXELS = 640
KEPT = 64
"""Pictures that are kept: there are as many as tiers, of fifty thousand bytes each."""
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
PNG_START = b"\x89PNG\r\n\x1a\n"
HEADER_END = 33
"""A PNG's signature and its first chunk, after which others may stand."""


@dataclass(frozen=True, slots=True)
class Colours:
    """A tier's colour: dark for the ring, deep for the medal, light for what is small on it."""

    dark: str
    deep: str
    light: str


PALETTE = (
    Colours("#0a4a45", "#0f6b63", "#bfe3dc"),
    Colours("#23364a", "#3b5873", "#d0dfec"),
    Colours("#5a2a4d", "#7d3d6b", "#f0cfe4"),
    Colours("#1f3560", "#2f4f8f", "#cbd8f2"),
    Colours("#4a1f2a", "#8a3346", "#f5cfd6"),
    Colours("#2c4a1c", "#44702c", "#d6eac7"),
)
GOLD, CREAM, PAPER = "#f2b457", "#fbf7ee", "#f4efe4"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, centred."""

    text: str
    size: float
    y: float
    colour: str
    weight: str = "Semibold"
    spacing: float = 0.0


@lru_cache(maxsize=KEPT)
def svg(tier: str, title: str, organisation: str) -> str:
    """Return the picture of a tier's badge."""
    colours = PALETTE[zlib.crc32(tier.encode()) % len(PALETTE)]
    lines = [*title_lines(title), Line(organisation.upper(), 26, 492, colours.light, "Semibold", 4.0)]
    label = escape(f"{title}, {organisation}")
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}" role="img">',
            f"<title>{label}</title>",
            medal(colours),
            *(written(line) for line in lines),
            "</svg>",
        )
    )


def medal(colours: Colours) -> str:
    """Return the medal with its mark: the arcs of a load that is shared."""
    return (
        f'<circle cx="320" cy="320" r="312" fill="{colours.dark}"/>'
        f'<circle cx="320" cy="320" r="292" fill="none" stroke="{GOLD}" stroke-width="3"/>'
        f'<circle cx="320" cy="320" r="276" fill="{colours.deep}"/>'
        f'<circle cx="320" cy="320" r="262" fill="none" stroke="{colours.light}" stroke-opacity=".28" stroke-width="1.5"/>'
        '<g fill="none" stroke-linecap="round" stroke-width="15">'
        f'<path d="M246 212c28-50 45-72 74-72s46 22 74 72" stroke="{PAPER}"/>'
        f'<path d="M277 230c16-28 27-39 43-39s27 11 43 39" stroke="{GOLD}"/></g>'
        f'<circle cx="320" cy="106" r="13" fill="{PAPER}"/>'
        f'<path d="M286 444h68" stroke="{GOLD}" stroke-width="4" stroke-linecap="round"/>'
    )


def title_lines(title: str) -> list[Line]:
    """Return a title in one to three lines, as large as they fit into the medal."""
    words = title.split()
    for count, sizes in ((1, (66, 58, 50)), (2, (56, 48, 42)), (3, (42, 36, 30))):
        parts = balanced(words, count)
        for size in sizes:
            widths = [width(part, size) for part in parts]
            if max(widths) <= 465 - 10 * count:
                return centred(parts, size)
    clipped = [part if width(part, 28) <= 420 else part[:24] + "…" for part in balanced(words, 3)]
    return centred(clipped, 28)


def centred(parts: list[str], size: float) -> list[Line]:
    """Return lines around the middle of the medal."""
    step = size * 1.12
    top = 352 - step * (len(parts) - 1) / 2
    return [Line(part, size, top + step * place, CREAM) for place, part in enumerate(parts)]


def balanced(words: list[str], count: int) -> list[str]:
    """Return words in at most so many lines of about one length."""
    lines, left = [], words
    for remaining in range(count, 0, -1):
        goal = len(" ".join(left)) / remaining
        line: list[str] = []
        while left and (not line or remaining == 1 or len(" ".join([*line, left[0]])) <= goal + len(left[0]) / 2):
            line, left = [*line, left[0]], left[1:]
        lines.append(" ".join(line))
    return [line for line in lines if line]


def written(line: Line) -> str:
    """Return a line as outlines, or as text where the font lacks one of its letters."""
    shaped = shape(line.text, line.weight)
    scale = min(line.size / 1000, 430 / max(1.0, extent(line, 1.0)) * line.size / 1000)
    if shaped is None:
        return (
            f'<text x="320" y="{line.y:.1f}" font-size="{line.size:.1f}" font-family="sans-serif" font-weight="600" '
            f'text-anchor="middle" fill="{line.colour}">{escape(line.text)}</text>'
        )
    x = 320 - extent(line, scale * 1000 / line.size) / 2
    outlines = []
    for glyph, advance, left, up in shaped:
        path = outline(glyph, line.weight)
        if path:
            outlines.append(
                f'<path transform="matrix({scale:.5f} 0 0 {-scale:.5f} {x + left * scale:.2f} {line.y - up * scale:.2f})" d="{path}"/>'
            )
        x += advance * scale + line.spacing
    return f'<g fill="{line.colour}">{"".join(outlines)}</g>'


def extent(line: Line, shrunk: float) -> float:
    """Return how wide a line is when it is written this much smaller."""
    letters = max(0, len(line.text) - 1)
    return width(line.text, line.size, line.weight) * shrunk + letters * line.spacing


def width(text: str, size: float, weight: str = "Semibold") -> float:
    """Return how wide a text is; what the font lacks is taken for as wide as it is high."""
    shaped = shape(text, weight)
    return size * (len(text) if shaped is None else sum(advance for _, advance, _, _ in shaped) / 1000)


def shape(text: str, weight: str) -> list[tuple[int, int, int, int]] | None:
    """Return the glyphs of a text with advance and offsets in thousandths; None where the font lacks one."""
    import uharfbuzz

    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(font(weight), buffer)
    placed = zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
    glyphs = [(info.codepoint, at.x_advance, at.x_offset, at.y_offset) for info, at in placed]
    return None if any(glyph == 0 for glyph, _, _, _ in glyphs) else glyphs


@cache
def font(weight: str) -> "uharfbuzz.Font":
    """Return Source Sans Pro (SIL Open Font License) from its package."""
    import uharfbuzz

    package = importlib.util.find_spec("font_source_sans_pro")
    if package is None or package.origin is None:
        raise RuntimeError("the package font-source-sans-pro, whose letters badges have, is not installed")
    file = Path(package.origin).parent / "files" / f"SourceSansPro-{weight}.ttf"
    return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(file))))


@cache
def outline(glyph: int, weight: str) -> str:
    """Return a glyph's outline as an SVG path, in thousandths and with y upwards."""
    pen = Pen()
    font(weight).draw_glyph_with_pen(glyph, pen)
    return "".join(pen.path)


class Pen:
    """Writes down what draws a glyph."""

    def __init__(self) -> None:
        self.path: list[str] = []

    def _add(self, command: str, *points: tuple[float, float]) -> None:
        self.path.append(command + " ".join(f"{x:g} {y:g}" for x, y in points))

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802  the names are the font library's
        """Begin a contour."""
        self._add("M", point)

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        """Draw a straight line."""
        self._add("L", point)

    def qCurveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        """Draw a quadratic curve."""
        self._add("Q", *points)

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        """Draw a cubic curve."""
        self._add("C", *points)

    def closePath(self) -> None:  # noqa: N802
        """End a contour."""
        self.path.append("Z")


@lru_cache(maxsize=KEPT)
def png(picture: str) -> bytes:
    """Return a picture as PNG."""
    import resvg_py

    return resvg_py.svg_to_bytes(svg_string=picture, width=PIXELS, skip_system_fonts="<text" not in picture)


def baked_png(picture: bytes, credential: str) -> bytes:
    """Return a PNG that carries a credential (Open Badges 3.0, section 5.3.1): an iTXt chunk, not compressed."""
    data = b"openbadgecredential\0\0\0\0\0" + credential.encode()
    chunk = len(data).to_bytes(4) + b"iTXt" + data + zlib.crc32(b"iTXt" + data).to_bytes(4)
    return picture[:HEADER_END] + chunk + picture[HEADER_END:]


def baked_svg(picture: str, credential: str) -> str:
    """Return an SVG that carries a credential (Open Badges 3.0, section 5.3.2)."""
    start, body = picture.split(">", 1)
    # JSON may write any character as an escape, and CDATA must not hold its own end.
    harmless = credential.replace("]]>", "]]\\u003e")
    inside = f"<openbadges:credential><![CDATA[{harmless}]]></openbadges:credential>"
    return f'{start} xmlns:openbadges="{NAMESPACE}">{inside}{body}'


@lru_cache(maxsize=KEPT)
def qr(address: str) -> str:
    """Return an address as a QR code in SVG."""
    import io

    import segno

    drawn = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(drawn, kind="svg", scale=4, border=2, dark="#22302d", light=None, xmldecl=False, nl=False)
    return drawn.getvalue().decode()
