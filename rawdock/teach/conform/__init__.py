"""How like a real engine another one answers: the requests, the facts and the report."""
