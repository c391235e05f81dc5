"""The four services of Shareload, and the one place that starts them."""

SERVICES = ("policy", "training", "monitoring", "gateway")
