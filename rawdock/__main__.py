"""`python3 -m rawdock` is the command line, and pip's script `rawdock` calls start_process().

Python makes SIGINT an exception, which while modules are imported would end in a traceback. So
it has the system's default action until run_process() is ready for it.
"""
from _signal import SIG_DFL, SIGINT, signal

signal(SIGINT, SIG_DFL)


def start_process():
    """Run the command line of this process. Does not return."""
    from rawdock.main import run_process
    run_process()


if __name__ == "__main__":
    start_process()
