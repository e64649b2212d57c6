"""What the store's ambassadors find to share with: a post in each language, a text for a mail, and a banner."""

from base64 import b64encode
from typing import Final

import resvg_py

_BANNER: Final = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 400" width="1200" height="400">
  <rect width="1200" height="400" fill="#7A3B1E"/>
  <circle cx="980" cy="430" r="330" fill="#8F4B2A"/>
  <circle cx="180" cy="-60" r="240" fill="#6A3118"/>
  <g fill="none" stroke="#F7EADF" stroke-width="12" stroke-linecap="round">
    <path d="M540 118c-18-28 18-44 0-72M600 118c-18-28 18-44 0-72M660 118c-18-28 18-44 0-72"/>
    <path d="M712 196h26a48 48 0 0 1 0 96h-34" stroke-width="18"/>
  </g>
  <path d="M488 160h228v96a98 98 0 0 1-98 98h-32a98 98 0 0 1-98-98z" fill="#F7EADF"/>
  <ellipse cx="602" cy="252" rx="34" ry="50" fill="#7A3B1E" transform="rotate(24 602 252)"/>
  <path d="M590 208c22 26-10 46 22 88" fill="none" stroke="#F7EADF" stroke-width="7" stroke-linecap="round"/>
</svg>
"""


def materials(program_id: str) -> list[dict[str, object]]:
    """Bodies of `POST /v1/materials`, in the order in which a store would make them."""
    made: list[dict[str, object]] = [
        {"kind": "post", "language": language, "title": title, "text": text} for language, title, text in _POSTS
    ]
    made.append({"kind": "text", "title": "A line for a mail", "text": "PS: €5 off your first coffee is here: {link}"})
    made.append({"kind": "banner", "title": "A cup of coffee", "picture": _png(_BANNER)})
    return [{"program_id": program_id, **material} for material in made]


def _png(drawing: str) -> str:
    return b64encode(bytes(resvg_py.svg_to_bytes(svg_string=drawing))).decode()


_POSTS: Final = (
    ("en", "Monday's roast", "My coffee comes from a small roastery, roasted on Mondays. {link}"
     "\n€5 off the first order with {code}."),
    ("ru", "Обжарка по понедельникам", "Мой кофе обжаривают по понедельникам в маленькой мастерской. {link}"
     "\nПо коду {code} скидка 5 € на первый заказ."),
    ("uk", "Обсмажування щопонеділка", "Мою каву обсмажують щопонеділка в маленькій майстерні. {link}"
     "\nЗа кодом {code} знижка 5 € на перше замовлення."),
    ("ro", "Prăjită lunea", "Cafeaua mea se prăjește lunea, într-un atelier mic. {link}"
     "\nCu codul {code} aveți 5 € reducere la prima comandă."),
)  # fmt: skip
