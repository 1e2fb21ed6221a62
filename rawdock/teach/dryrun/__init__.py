"""What a command would send, planned without a socket and printed in four forms."""
