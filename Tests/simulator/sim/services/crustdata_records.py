"""Result records of Crustdata jobs and the gzip files they are stored in."""
from __future__ import annotations

import gzip
from typing import Any, Dict, Optional, Tuple

from ..dice import Dice
from ..texts import ODD_TEXTS, WORDS, dump

MEMBER_STRIDE = 3  # every third part is written as several gzip members
_ODD_NUMBERS = '"odd_numbers":[1E+2,-0,1.50,12345678901234567890123,0.1e-7]'


def record(key: bytes, job: int, row: int, action: str, entity: str) -> Tuple[bytes, Optional[str]]:
    """One line without its newline, and the identifier it answers where the shape has one."""
    dice = Dice(key, job + (1 << 40), row)
    person = entity == "person"
    identifier = _identifier(dice, row, person)
    data = _person(dice) if person else _company(dice)
    if action.startswith("search"):
        return _spell(dice, data), None
    if action == "contact_enrich":
        matched = not dice.one_in(9)
        data = _contact(dice) if matched else {"business_email": None, "personal_contact_info": {}}
    envelope = {"original_identifier": identifier, "internal_id": dice.below(1 << 40), "data": data}
    return _spell(dice, envelope), identifier


def _identifier(dice: Dice, row: int, person: bool) -> str:
    name = f"{dice.pick(WORDS)}-{dice.pick(WORDS)}-{row}"
    if person:
        return f"https://www.professional.example/in/{name}"
    return f"{name}.example" if dice.below(4) else str(100000 + row)


def _person(dice: Dice) -> Dict[str, Any]:
    first, last = dice.pick(WORDS), dice.pick(WORDS)
    return {"name": f"{first.title()} {last.title()}", "headline": _text(dice),
            "region": None if dice.one_in(7) else dice.pick(WORDS),
            "connections": dice.below(5000), "score": dice.below(100000) / 1000,
            "open_to_cards": dice.one_in(2),
            "current_employers": [{"name": dice.pick(WORDS), "years": dice.below(30)}]}


def _company(dice: Dice) -> Dict[str, Any]:
    return {"company_name": dice.pick(WORDS).title(), "description": _text(dice),
            "headcount": {"latest": dice.below(90000), "growth_percent": dice.below(4000) / 100 - 10},
            "hq_country": dice.pick(("USA", "DEU", "JPN", None)),
            "domains": [f"{dice.pick(WORDS)}.example"], "is_public": dice.one_in(3)}


def _contact(dice: Dice) -> Dict[str, Any]:
    name = dice.pick(WORDS)
    return {"business_email": [{"email": f"{name}@{dice.pick(WORDS)}.example", "status": "verified"}],
            "personal_contact_info": {"personal_emails": [f"{name}@mail.example"], "phone_numbers": []}}


def _text(dice: Dice) -> str:
    if dice.one_in(12):
        return dice.pick(ODD_TEXTS)
    if dice.one_in(60):
        return f"{dice.pick(WORDS)} " * 900
    return " ".join(dice.pick(WORDS) for _ in range(4))


def _spell(dice: Dice, value: Dict[str, Any]) -> bytes:
    text = dump(value, ascii_only=dice.one_in(2), spaced=dice.one_in(3))
    if dice.one_in(20):
        text = text[:-1] + "," + _ODD_NUMBERS + "}"
    if dice.one_in(40):
        text = " " + text + " "  # white space around a value is legal JSON
    return text.encode()


def gzip_part(text: bytes, part: int) -> bytes:
    """A part file. Cuts between members fall anywhere in the text, also inside a line."""
    if part % MEMBER_STRIDE != 1:
        return gzip.compress(text, 6, mtime=0)
    step = max(1, len(text) // 3)
    pieces = [text[start:start + step] for start in range(0, len(text), step)]
    return b"".join(gzip.compress(piece, 6, mtime=0) for piece in pieces)
