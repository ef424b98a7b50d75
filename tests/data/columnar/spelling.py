"""How Pipe spells in JSON what Python has."""

import base64
import datetime
import decimal
import math

UTC = datetime.timezone.utc


def spelled(value):
    """A value of DuckDB as Pipe writes it in JSON."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case decimal.Decimal():
            return float(value)
        case bytes():
            return base64.b64encode(value).decode()
        case datetime.datetime():
            value = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
            fraction = f".{value.microsecond:06}".rstrip("0") if value.microsecond else ""
            return value.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"
        case datetime.date():
            return value.isoformat()
        case datetime.time():
            seconds = f"{value.second}.{value.microsecond:06}".rstrip("0").rstrip(".")
            parts = [(str(value.hour), "H"), (str(value.minute), "M"), (seconds, "S")]
            text = "".join(number + unit for number, unit in parts if number != "0")
            return "PT" + (text or "0S")
        case list() | tuple():
            return [spelled(item) for item in value]
        case dict():
            return {key: spelled(item) for key, item in value.items()}
    raise TypeError(type(value))
