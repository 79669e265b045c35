"""Pages on plans and on losses: what is built for whom, what breaks, what mends it."""
