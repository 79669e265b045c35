"""Plans as they grow: greedily, thinned, torn down and regrown."""
