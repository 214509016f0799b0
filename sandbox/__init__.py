"""What stands in for the outside: the gateway emulator, a synthetic city and the demo."""
