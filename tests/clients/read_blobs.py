"""Prints the blobs of a container with Microsoft's Python client, one JSON string a line: each blob's content.

Usage: read_blobs.py CONNECTION_STRING CONTAINER
"""

import json
import sys

from azure.storage.blob import ContainerClient

container = ContainerClient.from_connection_string(sys.argv[1], sys.argv[2])
for blob in container.list_blobs():
    print(json.dumps(container.download_blob(blob.name).readall().decode()))
