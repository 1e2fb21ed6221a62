"""One client in several threads, and in a process that was forked.

    DOCKER_HOST=unix:///path python3 threads_and_forks.py

A Docker may be used by any number of threads: each call takes a connection of its own for as long as it
lasts. After a fork both processes may go on with it, since neither uses a connection that the other made. A
Response, an iterator or a Duplex belongs to the thread that reads it (a Duplex may be written to in another),
and to the process that it began in.
"""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import rawdock


def run_in_threads(docker, numbers):
    """Run `echo NUMBER` for each of the `numbers`, eight at a time → what they wrote, in that order."""
    with ThreadPoolExecutor(8) as pool:
        runs = pool.map(lambda number: docker.run("busybox", ["echo", str(number)], rm=True), numbers)
        return [int(finished.output) for finished in runs]


def main():
    docker = rawdock.Docker()
    assert run_in_threads(docker, range(20)) == list(range(20))
    child = os.fork()
    finished = docker.run("busybox", ["echo", "child" if child == 0 else "parent"], rm=True)
    if child == 0:
        os._exit(0 if finished.output == b"child\n" else 1)
    print("20 threads, then %s and child: %d" % (finished.output.decode().strip(), os.waitpid(child, 0)[1]))
    docker.close()


if __name__ == "__main__":
    sys.exit(main())
