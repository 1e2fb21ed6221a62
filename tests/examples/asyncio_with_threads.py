"""rawdock in an asyncio program: each call waits in a thread, and one client serves them all.

    DOCKER_HOST=unix:///path python3 asyncio_with_threads.py

A stream is read in a thread, too, which hands each piece over to the event loop.
"""
import asyncio
from functools import partial

import rawdock


async def run_together(docker, words):
    """Run a container for each word, at the same time → what they wrote, in the order of `words`."""
    loop = asyncio.get_event_loop()
    runs = [loop.run_in_executor(None, partial(docker.run, "busybox", ["echo", word], rm=True))
            for word in words]
    return [finished.output for finished in await asyncio.gather(*runs)]


async def follow(docker, container):
    """The frames of a container's log, (stream, bytes), as an asynchronous iterator."""
    loop, queue = asyncio.get_event_loop(), asyncio.Queue()

    def read():
        for frame in docker.logs(container, follow=True):
            loop.call_soon_threadsafe(queue.put_nowait, frame)

    reading = loop.run_in_executor(None, read)
    reading.add_done_callback(lambda done: queue.put_nowait(None))
    frame = await queue.get()
    while frame is not None:
        yield frame
        frame = await queue.get()
    await reading   # raises what ended the stream, if that was an error


async def main():
    with rawdock.Docker() as docker:
        print(b"".join(await run_together(docker, ["one", "two", "three"])).decode(), end="")
        container = docker.run("busybox", ["sh", "-c", "echo out; echo err >&2"], detach=True)
        async for stream, data in follow(docker, container):
            print(stream, data.decode(), end="")
        docker.container_delete(container, force=True)


if __name__ == "__main__":
    event_loop = asyncio.new_event_loop()   # since Python 3.7: asyncio.run(main())
    try:
        event_loop.run_until_complete(main())
    finally:
        event_loop.close()
