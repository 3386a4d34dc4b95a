"""One hospital asks an expert of another to read and report: pathology, MDT, teaching."""
