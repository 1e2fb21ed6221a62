"""The lessons and the tour: what is typed, how it is marked, and what is said to it."""
