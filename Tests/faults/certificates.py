"""Makes the certificates of the fronts: `certificates.py FOLDER`.

For each front NAME.pem, the chain with its key, and authority.pem, which signed all of them but one.
"""
import datetime
import sys
from pathlib import Path

import trustme

DAY = datetime.timedelta(days=1)


def main():
    folder = Path(sys.argv[1])
    now = datetime.datetime.now(datetime.timezone.utc)
    here = [f"127.0.0.{number}" for number in range(1, 24)]
    authority = trustme.CA()
    made = {
        "good": authority.issue_cert(*here),
        "expired": authority.issue_cert(*here, not_before=now - 30 * DAY, not_after=now - DAY),
        "early": authority.issue_cert(*here, not_before=now + DAY, not_after=now + 30 * DAY),
        "named": authority.issue_cert("elsewhere.example", "127.0.0.99"),
        "stranger": trustme.CA().issue_cert(*here),
    }
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    for name, certificate in made.items():
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / f"{name}.pem"))


main()
