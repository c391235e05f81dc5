"""Bodies of the gateway's own requests and answers, by resource."""
