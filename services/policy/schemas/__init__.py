"""What the policy service is sent and answers, a file per resource."""
