"""The school: what shows how the protocol works. It uses the client, and the client does not know it."""
