"""The catalogue of everything the services tell each other and the outside, a module per teller."""
