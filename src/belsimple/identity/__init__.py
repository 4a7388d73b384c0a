"""Who someone is: accounts, passwords, sessions, invitations."""
