"""Plans and certificates held against the instance, apart from what found them."""
