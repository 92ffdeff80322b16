"""The official `spidra` package and our library see the same jobs, order and items.

Run by scripts/test.py with the interpreter of .venv; the example programs speak for our side.
"""
import asyncio
import json
import subprocess
import sys

import programs

try:
    import spidra
except ImportError:
    sys.exit("agrees: the spidra package is not in .venv: run scripts/setup.sh test")

GOT = 60


def ours(info, name, *arguments):
    """Lines of one of the example programs, asking the simulated spidra."""
    command = [str(programs.OUT / "examples" / name), "spidra", *arguments, f"base_url={info['spidra']}"]
    environment = programs.environment(BATCHJOBS_API_KEY=info["keys"]["spidra"])
    output = subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    # Not splitlines(): that also breaks at characters which JSON allows inside a string.
    return output.decode().rstrip("\n").split("\n") if output else []


def same_item(theirs, record):
    return (theirs.uuid, theirs.url, theirs.status, theirs.result, theirs.error, theirs.job_id) == (
        record["uuid"], record["url"], record["status"], record["result"], record["error"], record["jobId"])


async def compare(info):
    client = spidra.AsyncSpidra(api_key=info["keys"]["spidra"], api_url=info["spidra"])
    their_ids, number, last = [], 1, 1
    while number <= last:
        page = await client.list_batch_scrapes(page=number, limit=50)
        their_ids += [job.uuid for job in page.jobs]
        last, number = page.pagination.total_pages, number + 1
    our_ids = [line.split()[0] for line in ours(info, "list")[:-1]]
    if our_ids != their_ids:
        sys.exit(f"agrees: the lists differ: {len(our_ids)} ids and {len(their_ids)}")
    items = 0
    for job in their_ids[:GOT]:
        theirs = (await client.get_batch_scrape(job)).items
        records = [json.loads(line) for line in ours(info, "results", job)]
        if len(theirs) != len(records) or not all(map(same_item, theirs, records)):
            sys.exit(f"agrees: the items of {job} differ")
        items += len(records)
    return len(our_ids), items


def main():
    for name in ("list", "results"):
        programs.build_example(name)
    with programs.simulator("--jobs", "130", "--time-scale", "0") as running:
        jobs, items = asyncio.run(compare(running.info))
    print(f"agrees: the vendor's package sees the same {jobs} jobs and {items} items of {GOT} of them")


main()
