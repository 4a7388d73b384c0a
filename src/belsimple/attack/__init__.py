"""The attack suite: it tries what an attacker would, and shows that each of its cases can fail."""
