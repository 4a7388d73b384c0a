"""What someone may do: permissions and roles."""
