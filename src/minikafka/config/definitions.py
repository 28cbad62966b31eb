"""How one option is declared, read from text or a Python value, checked and shown (Kafka's ConfigDef)."""

from __future__ import annotations

from minikafka.errors import InvalidConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    ConfigValue = bool | int | float | str | list[str] | None
    Validator = Callable[[str, ConfigValue], None]

# The types' names are those that Kafka's messages use ("Not a number of type INT").
BOOLEAN = "BOOLEAN"
STRING = "STRING"
INT = "INT"
SHORT = "SHORT"
LONG = "LONG"
DOUBLE = "DOUBLE"
LIST = "LIST"

MAX_INT = 2**31 - 1
MAX_LONG = 2**63 - 1

_RANGES = {SHORT: 2**15, INT: 2**31, LONG: 2**63}


class ConfigKey:
    """The declaration of one option.

    Args:
        name: Kafka's dotted name.
        type_name: BOOLEAN, STRING, INT, SHORT, LONG, DOUBLE or LIST.
        default: the value when nothing is set; None for "not set".
        validator: raises InvalidConfigurationError for a value of the right type that is not allowed.
        synonyms: for a topic option, the broker options it falls back on, the first that is set first, each
            with the factor that turns its unit into this option's.
    """

    __slots__ = ("attribute", "default", "name", "synonyms", "type_name", "validator")

    def __init__(
        self,
        name: str,
        type_name: str,
        default: ConfigValue,
        validator: Validator | None = None,
        synonyms: tuple[tuple[str, int], ...] = (),
    ) -> None:
        self.name: str = name
        self.attribute: str = name.replace(".", "_")
        self.type_name: str = type_name
        self.default: ConfigValue = default
        self.validator: Validator | None = validator
        self.synonyms: tuple[tuple[str, int], ...] = synonyms

    def parse(self, value: object) -> ConfigValue:
        """The option's value from text or from a Python value of its type.

        Raises:
            InvalidConfigurationError: with Kafka's message, naming the option and the value.
        """
        if value is None and self.default is None:
            return None
        parsed = _PARSERS[self.type_name](self, value)
        if self.validator is not None:
            self.validator(self.name, parsed)
        return parsed

    def text(self, value: ConfigValue) -> str | None:
        """A value as Kafka shows it: ``"true"``, ``"delete,compact"``; None for "not set"."""
        if value is None or isinstance(value, str):
            return value
        return ",".join(value) if isinstance(value, list) else text_of(value)


def text_of(value: object) -> str:
    """A number or another single value as Kafka writes it: True is ``"true"``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def invalid(name: str, value: object, reason: str) -> InvalidConfigurationError:
    """Kafka's ConfigException for a value of an option."""
    return InvalidConfigurationError(f"Invalid value {text_of(value)} for configuration {name}: {reason}")


def _parse_boolean(key: ConfigKey, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise invalid(key.name, value, "Expected value to be either true or false")


def _parse_integer(key: ConfigKey, value: object) -> int:
    wrong = f"Not a number of type {key.type_name}"
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise invalid(key.name, value, wrong)
    try:
        number = int(value)
    except ValueError:
        raise invalid(key.name, value, wrong) from None
    limit = _RANGES[key.type_name]
    if not -limit <= number < limit:
        raise invalid(key.name, value, wrong)
    return number


def _parse_double(key: ConfigKey, value: object) -> float:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    raise invalid(key.name, value, "Not a number of type DOUBLE")


def _parse_string(key: ConfigKey, value: object) -> str:
    if not isinstance(value, str):
        raise invalid(key.name, value, "Expected value to be a string, but it was a " + type(value).__name__)
    return value.strip()


def _parse_list(key: ConfigKey, value: object) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")] if value.strip() else []
    if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
        return list(value)
    raise invalid(key.name, value, "Expected a comma separated list.")


_PARSERS: dict[str, Callable[[ConfigKey, object], ConfigValue]] = {
    BOOLEAN: _parse_boolean,
    STRING: _parse_string,
    SHORT: _parse_integer,
    INT: _parse_integer,
    LONG: _parse_integer,
    DOUBLE: _parse_double,
    LIST: _parse_list,
}


def at_least(minimum: int) -> Validator:
    """Accepts numbers from `minimum` on."""

    def check(name: str, value: ConfigValue) -> None:
        if isinstance(value, (int, float)) and value < minimum:
            raise invalid(name, value, f"Value must be at least {minimum}")

    return check


def between(minimum: int, maximum: int) -> Validator:
    """Accepts numbers from `minimum` to `maximum`, both included."""

    def check(name: str, value: ConfigValue) -> None:
        if isinstance(value, (int, float)) and value < minimum:
            raise invalid(name, value, f"Value must be at least {minimum}")
        if isinstance(value, (int, float)) and value > maximum:
            raise invalid(name, value, f"Value must be no more than {maximum}")

    return check


def one_of(*allowed: str) -> Validator:
    """Accepts these strings, or lists of nothing else."""

    def check(name: str, value: ConfigValue) -> None:
        for part in value if isinstance(value, list) else [value]:
            if part == "" and isinstance(value, list):
                raise InvalidConfigurationError(f"Configuration '{name}' values must not be empty.")
            if part not in allowed:
                raise invalid(name, part, f"String must be one of: {', '.join(allowed)}")

    return check


def gzip_level(name: str, value: ConfigValue) -> None:
    """Accepts gzip's levels 1 to 9, and -1 for its default."""
    if not isinstance(value, int) or not (1 <= value <= 9 or value == -1):
        raise invalid(name, value, "Value must be between 1 and 9 or equal to -1")
