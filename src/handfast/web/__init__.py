"""The built pages and how they are served; their sources are in the folder `web/`."""
