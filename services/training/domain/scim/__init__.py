"""SCIM 2.0: the protocol of identity providers over our people and groups, one request as one unit of work."""
