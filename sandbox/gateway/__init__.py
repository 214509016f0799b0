"""A stateful emulator of the Karaden SMS API (2024-03-01), with an inbox page that shows what each telephone got.

    python -m sandbox.gateway --port 8090 --data .sandbox/gateway

Nothing here sends anything. What is not in the published contract and had to be inferred says so where it is decided.
"""
