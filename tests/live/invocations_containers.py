"""The commands about containers: see tests/live/invocations.py."""

SESSIONS = r"""
# Nothing there
ps
ps -q
ps -aq --no-trunc
ps --format json
ps --format "table {{.ID}}\t{{.Names}}"
"""
