"""The network: lines noded into a graph, its lengths, gaps and ways."""
