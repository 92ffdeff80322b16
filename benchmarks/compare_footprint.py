"""What the library weighs: on disk, when it is loaded, and for each thing it hands out."""
import json
import shutil
import statistics
import subprocess

import servers
from build import program
from places import DIST, OUT, PAGES
from runs import once

JOBS = 100_000


def stripped(library):
    copy = OUT / "stripped.so"
    shutil.copyfile(library, copy)
    subprocess.run(["strip", "-s", str(copy)], check=True)
    return copy.stat().st_size


def footprint(section, quick):
    """Size, time to the first call, and memory as malloc counts it. The times are medians of processes that take
    turns; libcurl alone is what every program over libcurl pays."""
    library = (DIST / "lib/libbatchjobs.so").resolve()
    size = stripped(library)
    job = json.loads((PAGES / "status/job.json").read_bytes())["batch_id"]
    programs = {"libcurl alone": ("start_curl", "libcurl.so.4"), "libbatchjobs": ("start_ours", str(library))}
    times = {name: [] for name in programs}
    with servers.nginx() as base:
        for number in range(11 if quick else 51):
            for name, (started, loaded) in programs.items():
                output = once([program(f"footprint/{started}"), loaded, base, job]).output
                if number:
                    times[name].append([float(word) / 1000 for word in output])
        client, warm, page, each = map(int, once([program("footprint/objects"), base, job, str(JOBS)]).output)
        curl, curl_warm = map(int, once([program("footprint/easy"), base, job]).output)
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in times.items()}
    section.table(["", "dlopen ms", "first client ms", "first call ms"],
                  [[name, *(f"{value:.2f}" for value in row)] for name, row in medians.items()])
    start = {name: statistics.median(row[0] + row[1] for row in rows) for name, rows in times.items()}
    section.goal("dlopen and first client beyond libcurl's own", start["libbatchjobs"] - start["libcurl alone"], 1, " ms")
    section.goal("size of the library, stripped", size / 1024, 512, " KiB")
    kib = [("a client, new", client), ("a client with a warm connection", warm), ("a libcurl handle, new", curl),
           ("a libcurl handle with a warm connection", curl_warm), ("a page of 100 jobs", page),
           (f"{JOBS:,} retained jobs", each * JOBS)]
    section.table(["memory of", "KiB"], [[name, f"{value / 1024:,.1f}"] for name, value in kib])
    section.say(f"A retained job holds {each} bytes. The library has {size:,} bytes, stripped.")
    section.headline = (f"{size / 1000:.0f} KB of library, loaded and with a first client in {start['libbatchjobs']:.1f} ms, "
                        f"{start['libcurl alone']:.1f} of them libcurl's own.")
