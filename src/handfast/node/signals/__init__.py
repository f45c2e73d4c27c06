"""Alarms in: panels over HTTP and MQTT, the owner's hand, and the board that keeps leases."""
