"""What people see: the consent page and the accounts."""
