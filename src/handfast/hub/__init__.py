"""The city hub: registry, incidents, requests, relay. It can decrypt nothing.

Read `app` first (what is built from what), then `pep` (who may do what), then `usecases`.
"""
