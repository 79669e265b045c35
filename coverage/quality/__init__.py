"""What a link makes of a signal: interference, SINR, throughput."""
