"""Part operator on real databases."""
