"""How people come in: the development's logins, the organisation's provider, and the sessions that both open."""
