"""Redacted renditions: made at the site, only while somebody with a redacted grant looks."""
