"""Where to build: masts that cover dark villages, with the backhaul and the power they need."""
