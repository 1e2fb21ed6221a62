"""What bytes mean: annotations, transcripts, hexdumps, and pages, HARs and capture files for other programs."""
