"""Communes, villages and their centres."""
