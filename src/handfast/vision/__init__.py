"""Redaction: what must be covered in a picture, and covering it. Knows pictures, no video."""
