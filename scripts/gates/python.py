"""The Python package's prototypes, enums and options are those of the header and the library."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import python_header

python_header.main()
