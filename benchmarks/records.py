"""The records of one large job: JSON lines in gzip parts, the same bytes on every machine."""
import gzip
import itertools
import json
import random
from pathlib import Path

import data

# The large job, and a file of which others have any number of copies.
PARTS, PART_SIZE = 4, 50_000_000
SMALL, SMALL_SIZE = "small.jsonl.gz", 5_000_000
LEVEL = 6
ID = "results"

SYLLABLES = ("ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu za bri cha dro "
             "fle gna klu pro sta tri").split()
TITLES = ("Senior Software Engineer", "Head of Partnerships", "Account Executive", "Staff Data Scientist",
          "Chief Financial Officer", "Regional Sales Manager, EMEA", "Product Designer", "DevOps Consultant")
REGIONS = ("São Paulo, Brazil", "Berlin, Germany", "Greater Seattle Area", "Bengaluru, Karnataka, India",
           "Zürich, Switzerland", "東京都, Japan", "Lagos, Nigeria", "Paris, Île-de-France, France")


class Writer:
    """Draws from pools that are far larger than what gzip looks back on, so that the compression is
    that of real profiles (about 4 to 1) and not that of a few words said again and again."""

    def __init__(self, seed):
        self.dice = dice = random.Random(seed)
        words = ["".join(dice.choices(SYLLABLES, k=dice.randrange(1, 4))) for _ in range(3000)]
        common = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(words))))

        def text(least, most):
            return " ".join(dice.choices(words, cum_weights=common, k=dice.randrange(least, most)))

        self.names = [text(1, 2).title() for _ in range(3000)]
        self.companies = [text(1, 4).title() for _ in range(5000)]
        self.texts = [text(12, 45).capitalize() + "." for _ in range(20000)]
        self.skills = [text(1, 3) for _ in range(600)]

    def record(self, number):
        dice = self.dice
        pick = dice.choice
        first, last, company = pick(self.names), pick(self.names), pick(self.companies)
        domain = company.lower().replace(" ", "-") + ".example"
        started = 2000 + dice.randrange(25)
        return json.dumps({
            "original_identifier": f"https://www.professional.example/in/{first}-{last}-{number:x}".lower(),
            "internal_id": dice.getrandbits(40),
            "data": {
                "name": f"{first} {last}", "headline": f"{pick(TITLES)} at {company}",
                "region": pick(REGIONS) if dice.random() < 0.9 else None, "summary": pick(self.texts),
                "connections": dice.randrange(5000), "score": dice.randrange(100000) / 1000,
                "skills": [pick(self.skills) for _ in range(dice.randrange(7))],
                "current_employer": {"name": company, "domain": domain, "title": pick(TITLES),
                                     "start_date": f"{started}-{dice.randrange(1, 13):02}-01"},
                "business_email": f"{first}.{last}@{domain}".lower().replace(" ", ""),
                "updated_at": f"2026-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}T00:00:00Z",
            }}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def job(links, records, id=ID):
    """Crustdata's answer to one finished job."""
    return data.dump({
        "batch_id": id, "status": "completed", "entity": "person", "action": "enrich",
        "identifier_count": records, "result_count": records, "entities_requested": records,
        "entities_fulfilled": records, "created_at": "2026-01-05T00:00:00.000000+00:00",
        "completed_at": "2026-01-05T00:10:00.000000+00:00", "download_urls": links,
    })


def part(path, writer, size, first=0):
    """Writes a file of that size, unpacked; the number of the record behind its last one."""
    lines = []
    while size > 0:
        lines.append(writer.record(first + len(lines)))
        size -= len(lines[-1])
    path.write_bytes(gzip.compress(b"".join(lines), LEVEL, mtime=0))
    return first + len(lines)


def write(folder):
    writer, count = Writer(4), 0
    for number in range(PARTS):
        count = part(folder / f"part-{number:03}.jsonl.gz", writer, PART_SIZE, count)
    (folder / "count").write_text(str(count))


def write_small(folder):
    (folder / "count").write_text(str(part(folder / SMALL, Writer(7), SMALL_SIZE)))


def make(folder):
    """The links' paths and the number of records, once they are there."""
    data.once(folder, Path(__file__), write)
    return [path.name for path in sorted(folder.glob("part-*"))], int((folder / "count").read_text())


def make_small(folder):
    """The number of records in the file, once it is there."""
    data.once(folder, Path(__file__), write_small)
    return int((folder / "count").read_text())
