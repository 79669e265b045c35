"""The walk outwards along radials: what every receiver on one shares."""
