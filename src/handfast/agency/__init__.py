"""The agency's own small server: its people, its devices, its word about incidents.

Start reading at `app`. It serves the officers' pages from the agency's origin, so that no
client code ever comes from the hub. It decides nothing about cameras.
"""
