"""The lessons and the tour: texts and tasks, the check of an answer, and the session with a learner."""
