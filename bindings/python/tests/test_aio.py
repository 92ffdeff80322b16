"""The asyncio client."""

import asyncio
import contextvars
import time

import pytest
from conftest import LISTING, SERVICES

import batchjobs

GOAL = 0.25


@pytest.fixture
def use(arguments):
    """Runs a coroutine function with a client of a service."""

    def run(function, service="crustdata", **options):
        async def main():
            async with batchjobs.AsyncClient(**arguments(service, **options)) as client:
                return await asyncio.wait_for(function(client), 60)

        return asyncio.run(main())

    return run


@pytest.mark.parametrize("service", LISTING)
def test_lists(simulator, use, service):
    async def main(client):
        return [job.id async for job in client.jobs()]

    assert use(main, service) == simulator.truth_ids(service)


@pytest.mark.parametrize("service", SERVICES)
def test_results_and_tokens(simulator, use, service):
    job = simulator.sample(service, "large")
    truth = simulator.truth(service, job)["records"]

    async def main(client):
        found = []
        async with client.results(job) as results:
            async for record in results:
                found.append(record.raw)
                if len(found) == 17:
                    break
            async for raw in results.raw():
                found.append(raw)
                if len(found) == 29:
                    break
            token, opened = results.token, results.job
        assert results.token == token and opened.id == job
        rest = opened.results(resume=token)
        found += [record.raw async for record in rest]
        assert rest.verdict == "verified" and rest.given == len(truth) == len(found)
        return found

    assert use(main, service) == truth


def test_waits(simulator, use):
    good, stuck = simulator.sample("crustdata", "succeeded"), simulator.sample("crustdata", "stuck_running")

    async def main(client):
        job = await client.job(good)
        assert await job.refresh() and (await job.wait()).done and (await job.wait(progress=lambda _: None)).done
        assert [one.id for one in await client.wait([good, job])] == [good, good]
        with pytest.raises(TimeoutError):
            await client.wait([stuck], timeout=0.2)
        with pytest.raises(batchjobs.NotFoundError):
            await client.job("nobody")
        return [event.final async for event in client.events([good])]

    assert use(main)[-1] is True


def test_saving(simulator, use, tmp_path):
    job = simulator.sample("crustdata", "large")

    async def main(client):
        await (await client.job(job)).save(tmp_path / "out")

    use(main)
    assert (tmp_path / "out").read_bytes().splitlines() == simulator.truth("crustdata", job)["records"]


def test_a_task_that_is_cancelled_ends_its_call_and_no_other(simulator, use):
    stuck = simulator.sample("crustdata", "stuck_running")

    async def main(client):
        first, second = (asyncio.ensure_future(client.wait([stuck])) for _ in range(2))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert time.monotonic() - began < 5 * GOAL
        await asyncio.sleep(0.2)
        assert not second.done()
        assert (await client.job(stuck)).id == stuck
        second.cancel()
        await asyncio.wait([second])

    use(main)


@pytest.mark.parametrize("what", ["jobs", "results", "save"])
def test_each_call_can_be_cancelled(simulator, use, tmp_path, what):
    large = simulator.sample("crustdata", "large")
    simulator.fault("storage", "results", "stall", seconds=30, bytes=2000, times=-1)
    simulator.fault("crustdata", "list", "delay", seconds=30, times=-1)

    async def main(client):
        async def walk(iterator):
            async for _ in iterator:
                pass

        call = {
            "jobs": lambda: walk(client.jobs()),
            "results": lambda: walk(client.results(large)),
            "save": lambda: client.save(large, tmp_path / "out"),
        }[what]
        began = time.monotonic()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(call(), 0.4)
        assert time.monotonic() - began < 0.4 + 5 * GOAL

    use(main)


def test_a_call_that_waits_for_a_thread_can_be_cancelled(simulator, use):
    stuck = simulator.sample("crustdata", "stuck_running")

    async def main(client):
        first = asyncio.ensure_future(client.wait([stuck]))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.job(stuck), 0.1)
        assert time.monotonic() - began < 0.1 + 5 * GOAL
        first.cancel()
        await asyncio.wait([first])
        assert (await client.job(stuck)).id == stuck

    use(main, max_workers=1)


def test_callbacks_see_the_context_of_their_task(simulator, use):
    name, seen = contextvars.ContextVar("name"), []

    def provider():
        seen.append(name.get())
        return simulator.info["keys"]["crustdata"]

    async def main(client):
        name.set("this task")
        await client.job(simulator.sample("crustdata", "succeeded"))

    use(main, api_key="expired", token_provider=provider)
    assert seen == ["this task"]


def test_a_forked_child_ends_quietly(run_python):
    done = run_python("""
        import os, batchjobs
        client = batchjobs.AsyncClient(**given)
        if os.fork() == 0:
            sys.exit(0)
        os.wait()
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_closed_client(arguments):
    async def main():
        client = batchjobs.AsyncClient(**arguments("crustdata"))
        client.close()
        client.close()
        with pytest.raises(batchjobs.StateError, match="closed"):
            await client.job("x")
        with pytest.raises(batchjobs.StateError, match="closed"):
            client.jobs()
        with pytest.raises(batchjobs.StateError, match="not open yet"):
            _ = client.results("x").token
        assert "closed" in repr(client)

    asyncio.run(main())


def test_the_interpreter_ends_though_a_call_is_left_behind(run_python, simulator):
    done = run_python(
        """
        import asyncio, os, batchjobs
        client = batchjobs.AsyncClient(**given)
        loop = asyncio.new_event_loop()
        task = loop.create_task(client.wait([os.environ["STUCK"]]))
        loop.call_later(0.3, loop.stop)
        loop.run_forever()
        print("out")
        os.environ["DONE"] = "1"
        """,
        STUCK=simulator.sample("crustdata", "stuck_running"),
        timeout=20,
    )
    assert done.returncode == 0 and done.stdout == "out\n"
