"""The golden bytes of a recording: segment files and signed manifests."""
