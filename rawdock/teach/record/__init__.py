"""What crossed a connection: requests paired with their answers, recordings, and what is masked in them."""
