"""What was written: kept once, judged by the rules."""
