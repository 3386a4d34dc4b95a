"""Tiles over HTTP: our service as it is deployed, against OpenSlide's DeepZoom and a plain file in the same server."""
