"""Gateways: one module an adapter, each with its table of answers."""
