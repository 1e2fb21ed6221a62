"""`python3 -m rawdock` is the command line."""
from rawdock.cli.main import run_process

if __name__ == "__main__":
    run_process()
