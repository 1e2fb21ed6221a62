"""What bytes mean: annotations, transcripts, hexdumps; pages, HARs and capture files for other programs."""
