"""What mends most of the losses for its cost: batteries, microwave hops, second routes."""
