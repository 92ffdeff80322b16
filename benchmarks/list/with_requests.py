"""What a Python program does without us: requests and json."""
import sys

import requests

from fields import read

with requests.Session() as session:
    print(*read(session, sys.argv[1]))
