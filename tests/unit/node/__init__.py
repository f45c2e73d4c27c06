"""Parts of the site node, each alone."""
