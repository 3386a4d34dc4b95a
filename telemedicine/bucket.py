"""Slides in a bucket of an S3 server, set so that servers other than Amazon's understand us."""

from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage

TRIES = 4


class Bucket(S3Storage):
    """The storage of django-storages: private, never overwritten by chance, large files never whole in memory."""

    def get_default_settings(self) -> dict[str, Any]:
        """What holds unless the settings say otherwise."""
        return super().get_default_settings() | {
            "default_acl": None,
            "file_overwrite": True,  # our names are unique, and asking first would cost a request each
            "max_memory_size": 2 * 1024 * 1024,
            "client_config": Config(
                s3={"addressing_style": "path"},
                signature_version="s3v4",
                # Checksums in trailers are Amazon's own.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                retries={"max_attempts": TRIES, "mode": "standard"},
                connect_timeout=10,
                read_timeout=60,
            ),
        }
