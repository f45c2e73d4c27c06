"""The policy decision point: agreements compiled to Cedar, and one pure decision."""
