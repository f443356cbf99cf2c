"""Lines of JSON and tables, which schemathesis does not know by itself: sent and read as the texts that they are."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    return value.encode() if isinstance(value, str) else value


@schemathesis.deserializer("application/x-ndjson", "text/csv")
def text(ctx, response):
    return response.text
