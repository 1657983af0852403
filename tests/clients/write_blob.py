"""Writes standard input as a blob with Microsoft's Python client.

Usage: write_blob.py CONNECTION_STRING CONTAINER NAME
"""

import sys

from azure.storage.blob import BlobClient

BlobClient.from_connection_string(*sys.argv[1:4]).upload_blob(sys.stdin.buffer.read())
