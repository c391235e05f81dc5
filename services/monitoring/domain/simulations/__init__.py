"""What would happen if: the router let loose on customers who wrote, or might, and on colleagues there might be."""
