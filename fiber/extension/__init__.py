"""The cheapest next kilometres: candidates, prices, order of building, bill."""
