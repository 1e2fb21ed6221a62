"""What the tests of the practice engine have in common: one engine for the tests of a file."""
import pytest

from rawdock.teach.practice.engine import PracticeEngine
from tests.teach.practice.practice_wire import pull


@pytest.fixture(scope="module")
def engine():
    """A PracticeEngine that has the image busybox."""
    with PracticeEngine() as one:
        pull(one)
        yield one
