"""Reads all that is in an instance of Azure Digital Twins with Microsoft's Python client, and prints it as one JSON object:
`models`, as uploaded; `twins` by their ids; `relationships`, each as source, id, name and target.

Usage: read_graph.py URL

URL is that of the service, plain http.
"""

import json
import sys

from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.digitaltwins.core import DigitalTwinsClient


class NoToken:
    """A credential that is never asked: the policy below takes its place."""

    def get_token(self, *scopes, **options):
        raise AssertionError("no token is needed")


class PlainHttp(SansIOHTTPPolicy):
    """Authorizes requests without a token, which the client's own policy refuses to send over plain http."""

    def on_request(self, request):
        request.http_request.headers["Authorization"] = "Bearer local"


def main():
    client = DigitalTwinsClient(sys.argv[1], NoToken(), authentication_policy=PlainHttp())
    twins = {twin["$dtId"]: twin for twin in client.query_twins("SELECT * FROM digitaltwins")}
    relationships = [
        [relationship[name] for name in ("$sourceId", "$relationshipId", "$relationshipName", "$targetId")]
        for twin in twins
        for relationship in client.list_relationships(twin)
    ]
    models = [model.model for model in client.list_models(include_model_definition=True)]
    print(json.dumps({"models": models, "twins": twins, "relationships": relationships}))


main()
