"""The operator's staff: who they are, and what they see and do of the service. Never a tenant's rows."""
