"""The practice engine: an engine for tests and lessons, in memory, that runs no real program."""
from .engine import PracticeEngine

__all__ = ["PracticeEngine"]
