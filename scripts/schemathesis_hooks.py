"""What schemathesis does not know by itself about this service's bodies."""

import json

import schemathesis
from schemathesis import GenerationMode


@schemathesis.serializer("application/x-ndjson")
def to_lines(ctx, value):
    """Lines of JSON are sent as the text that they are."""
    return (value if isinstance(value, str) else json.dumps(value)).encode()


@schemathesis.deserializer("application/x-ndjson", "text/csv")
def text(ctx, response):
    return response.text


@schemathesis.hook
def map_body(ctx, body):
    """An integer is written in digits. To a schema 5.0 is one too: how a number is written is nothing it can say."""
    return in_digits(body)


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """If-Match holds for a license as it stands now, which no schema can say: 412 is then the right answer to data that
    is valid. Where it is malformed, it is sent; the end-to-end tests send those that hold and those that do not."""
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        case.headers.pop("If-Match", None)


def in_digits(value):
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [in_digits(item) for item in value]
    if isinstance(value, dict):
        return {name: in_digits(item) for name, item in value.items()}
    return value
