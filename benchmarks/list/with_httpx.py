"""What a Python program does without us: httpx and json."""
import sys

import httpx

from fields import read

with httpx.Client() as session:
    print(*read(session, sys.argv[1]))
