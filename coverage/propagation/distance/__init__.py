"""Models that know only distance: free space, the Hata family, 3GPP TR 38.901."""
