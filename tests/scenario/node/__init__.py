"""One site and its people, told as stories: real decisions, keys and log, time by hand."""
