"""The vendor kit: what a tool and a vendor are made of."""
