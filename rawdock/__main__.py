"""`python3 -m rawdock` is the command line."""
import sys

from rawdock.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
