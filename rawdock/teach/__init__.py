"""The school: what shows how the protocol works. It stands on the client, and the client does not know of it."""
