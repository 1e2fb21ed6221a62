"""rawdock's parsers in an asyncio program that does its own input and output: no thread, no blocking call.

    python3 asyncio_by_hand.py SOCKET CONTAINER       follow a container's log

ResponseReader is fed with what the stream gives, and gives the events of the response; FrameReader is fed
with the content. Both raise TruncatedError where the bytes end too early.
"""
import asyncio
import sys

import rawdock


async def follow(path, container):
    """The frames of a container's log, (stream, bytes), as an asynchronous iterator."""
    incoming, outgoing = await asyncio.open_unix_connection(path)
    try:
        target = "/containers/%s/logs?follow=1&stdout=1&stderr=1" % container
        outgoing.write(("GET %s HTTP/1.1\r\nHost: docker\r\n\r\n" % target).encode("ascii"))
        response, frames = rawdock.ResponseReader(method="GET"), rawdock.FrameReader()
        while True:
            data = await incoming.read(65536)
            for event in response.feed(data) if data else response.feed_eof() or ():
                if isinstance(event, rawdock.Head) and event.status != 200:
                    raise rawdock.APIError(event.status, "the engine answered %d" % event.status)
                if isinstance(event, rawdock.Data):
                    for frame in frames.feed(event.data):
                        yield frame
                if isinstance(event, rawdock.End):
                    frames.feed_eof()
                    return
    finally:
        outgoing.close()


async def main(path, container):
    async for stream, data in follow(path, container):
        print(stream, data.decode(), end="")


if __name__ == "__main__":
    event_loop = asyncio.new_event_loop()   # since Python 3.7: asyncio.run(main(*sys.argv[1:]))
    try:
        event_loop.run_until_complete(main(*sys.argv[1:]))
    finally:
        event_loop.close()
