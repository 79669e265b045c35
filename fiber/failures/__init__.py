"""What a loss isolates: single cuts, shared risks, and what hangs on the network."""
