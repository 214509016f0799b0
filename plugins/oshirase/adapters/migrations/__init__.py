"""Schema of the records database, forward only: each revision applies SQL files of `include/sql/schema/`."""
