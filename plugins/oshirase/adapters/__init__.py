"""Where the package meets the outside: PostgreSQL, SQL files, gateways, the clock."""
