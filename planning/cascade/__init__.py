"""Every single loss followed to communes, sites, villages and people."""
