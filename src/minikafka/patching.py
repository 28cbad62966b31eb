"""Unchanged user code: while a patch is on, kafka-python's client classes construct clients of a MiniKafka.

User code has bound kafka-python's classes long before a test runs (``from kafka import KafkaProducer as P``,
subclasses, registries), so names are left alone. What changes is the ``__init__`` of the class objects
themselves: it turns the fresh instance into an in-process client by giving it a class that derives from the
instance's own class and, behind it, from minikafka's client and kafka-python's class. ``isinstance`` and
``super()`` keep their meaning, instances made before are left alone, and taking the patch off puts the
functions back that were there.
"""

from __future__ import annotations

import functools
import importlib
import sys
from types import FunctionType

from minikafka import bootstrap
from minikafka.cluster import MiniKafka
from minikafka.errors import ErrorTable, KafkaConfigurationError, KafkaError, UnsupportedOptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType, TracebackType
    from typing import Any, Protocol, TypeVar

    Decorated = TypeVar("Decorated", bound=Callable[..., Any] | type[Any])

    class Elsewhere(Protocol):
        """A cluster outside this process: kafka-python's clients stay what they are, and are led there."""

        def construct(self, make: Callable[..., Any], *args: Any, **options: Any) -> Any:
            """Make a client with these options, and the way to the cluster."""
            ...

        def adopt(self, client: object) -> None:
            """Take note of a client that was made."""
            ...


_CLIENTS = {
    "KafkaProducer": "minikafka.producer",
    "KafkaConsumer": "minikafka.consumer",
    "KafkaAdminClient": "minikafka.admin",
}
"""The classes of the ``kafka`` package that are patched, and the modules of what stands in for each."""

_active: list[patch] = []
"""The patches that are on, innermost last; process-wide because the classes they change are."""

_patched: list[_PatchedClass] = []
"""kafka-python's classes while any patch is on."""

_DEFAULT_PORT = 9092


class patch:  # noqa: N801 - used as a verb, like unittest.mock.patch
    """While on, kafka-python's clients are clients of `cluster`; a context manager and a decorator.

    Args:
        cluster: the cluster that the clients will live on; or a real one, as the fixture `minikafka_broker`
            gives it with ``--minikafka-bootstrap-servers``: its clients remain kafka-python's.
        bootstrap_servers: the addresses that lead to it (``"host:port,..."`` or a list); None, the default,
            means every address. Clients of other addresses stay what kafka-python makes of them.

    Raises:
        KafkaConfigurationError: kafka-python is not installed.

    Patches nest: the innermost one that knows an address takes it. As a decorator it takes functions,
    coroutine functions, generator functions (fixtures) and classes: of a ``unittest.TestCase`` everything
    runs with the patch on, of another class the methods whose names begin with ``test``.
    """

    def __init__(
        self, cluster: MiniKafka | Elsewhere, bootstrap_servers: str | Iterable[str] | None = None
    ) -> None:
        self.cluster = cluster
        self._addresses = None if bootstrap_servers is None else frozenset(_addresses(bootstrap_servers))

    def takes(self, bootstrap_servers: object) -> bool:
        """Whether a client of these bootstrap servers belongs to this patch's cluster."""
        if self._addresses is None:
            return True
        if not isinstance(bootstrap_servers, str | list | tuple | set | frozenset):
            return False
        return any(address in self._addresses for address in _addresses(bootstrap_servers))

    def __enter__(self) -> patch:
        if not _active:
            module = _kafka_module()
            _patched.extend(_PatchedClass(name, getattr(module, name)) for name in _CLIENTS)
        _active.append(self)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The last of its entries goes: one patch may be entered again while it is on.
        del _active[len(_active) - 1 - _active[::-1].index(self)]
        if not _active:
            for patched in _patched:
                patched.restore()
            _patched.clear()

    def __call__(self, decorated: Decorated) -> Decorated:
        """Run a function, or the tests of a class, with the patch on."""
        if isinstance(decorated, type):
            _decorate_class(self, decorated)
            return decorated
        return _decorate_function(self, decorated)  # type: ignore[return-value]


def _addresses(bootstrap_servers: str | Iterable[str]) -> list[str]:
    """The addresses, each with a port."""
    return [
        address if ":" in address.rpartition("]")[2] else f"{address}:{_DEFAULT_PORT}"
        for address in bootstrap.split_addresses(bootstrap_servers)
    ]


def _kafka_module() -> ModuleType:
    try:
        return importlib.import_module("kafka")
    except ImportError as error:
        raise KafkaConfigurationError(
            "minikafka.patch() needs kafka-python: install 'kafka-python>=2.2'"
        ) from error


# Decorating


def _decorate_function(active: patch, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with the patch on while its body runs, whatever kind of function it is."""
    code = getattr(function, "__code__", None)
    flags = 0 if code is None else code.co_flags
    for flag, wrap in _KINDS.items():
        if flags & flag:
            return wrap(active, function)
    return _plain(active, function)


def _plain(active: patch, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def patched(*args: Any, **kwargs: Any) -> Any:
        with active:
            return function(*args, **kwargs)

    return patched


def _generator(active: patch, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def patched(*args: Any, **kwargs: Any) -> Any:
        with active:
            return (yield from function(*args, **kwargs))

    return patched


def _coroutine(active: patch, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def patched(*args: Any, **kwargs: Any) -> Any:
        with active:
            return await function(*args, **kwargs)

    return patched


def _async_generator(active: patch, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def patched(*args: Any, **kwargs: Any) -> Any:
        with active:
            async for value in function(*args, **kwargs):
                yield value

    return patched


_KINDS = {0x20: _generator, 0x80: _coroutine, 0x200: _async_generator}
"""The wrapper for each kind of function, by the flag of its code object (inspect.CO_GENERATOR ...)."""


def _decorate_class(active: patch, cls: type[Any]) -> None:
    unittest = sys.modules.get("unittest")
    if unittest is not None and issubclass(cls, unittest.TestCase):
        for name in ("run", "debug"):
            setattr(cls, name, _plain(active, getattr(cls, name)))
        for name in ("setUpClass", "tearDownClass"):
            setattr(cls, name, classmethod(_plain(active, getattr(cls, name).__func__)))
        return
    for name in dir(cls):
        if name.startswith("test") or name in ("setup_method", "teardown_method"):
            function = getattr(cls, name)
            if isinstance(function, FunctionType):
                setattr(cls, name, _decorate_function(active, function))


# The classes


class _NotRegistered:
    """Comes first among the bases of a class made here: the user's ``__init_subclass__`` is not for it."""

    def __init_subclass__(cls, **_: object) -> None:
        pass


class _PatchedClass:
    """One of kafka-python's classes while patches are on.

    Args:
        name: its name in the ``kafka`` package.
        cls: the class object.
    """

    def __init__(self, name: str, cls: Any) -> None:
        self.name = name
        self.cls = cls
        self.errors = ErrorTable(importlib.import_module("kafka.errors"))
        self.originals: dict[str, FunctionType] = {}
        self._ours: dict[str, FunctionType] = {}
        self._stand_in: Any = None
        self._in_process: dict[type, Any] = {}
        for attribute, function in list(vars(cls).items()):
            if not isinstance(function, FunctionType):
                continue  # somebody else's mock, say
            if attribute == "__init__":
                self._replace(attribute, function, self._dispatching_init(function))
            elif not attribute.startswith("_"):
                self._replace(attribute, function, _dispatching_method(attribute, function))

    def _replace(self, attribute: str, function: FunctionType, ours: FunctionType) -> None:
        self.originals[attribute] = function
        self._ours[attribute] = ours
        setattr(self.cls, attribute, ours)

    def restore(self) -> None:
        """Put back what was there, except where somebody else has changed it since."""
        for attribute, original in self.originals.items():
            if vars(self.cls).get(attribute) is self._ours[attribute]:
                setattr(self.cls, attribute, original)

    def _dispatching_init(self, original: FunctionType) -> FunctionType:
        """The ``__init__`` that decides, instance by instance, whose client it will be."""

        @functools.wraps(original)
        def init(client: Any, *args: Any, **options: Any) -> None:
            defaults = type(client).DEFAULT_CONFIG
            wanted = options.get("bootstrap_servers", defaults["bootstrap_servers"])
            for active in reversed(_active):
                if not active.takes(wanted):
                    continue
                if isinstance(active.cluster, MiniKafka):
                    self._construct(client, active.cluster, defaults, wanted, args, options)
                else:
                    active.cluster.construct(functools.partial(original, client), *args, **options)
                    active.cluster.adopt(client)
                return
            original(client, *args, **options)

        return init  # type: ignore[return-value]

    def _construct(
        self,
        client: Any,
        cluster: MiniKafka,
        defaults: dict[str, Any],
        wanted: object,
        args: tuple[Any, ...],
        options: dict[str, Any],
    ) -> None:
        client.__class__ = self._in_process_class(type(client))
        client._base_defaults = dict(defaults)
        options["bootstrap_servers"] = cluster.bootstrap_servers
        try:
            self._standing_in().__init__(client, *args, **options)
        except KafkaError as error:
            translated = self.errors.translate(error)
            if translated is error:
                raise
            raise translated from error.__cause__
        client.config["bootstrap_servers"] = wanted

    def _in_process_class(self, user_class: type) -> Any:
        """A class like `user_class` whose inherited methods are the in-process client's."""
        stand_in = self._standing_in()
        if user_class is self.cls:
            return stand_in
        known = self._in_process.get(user_class)
        if known is None:
            namespace = {
                "__module__": user_class.__module__,
                "__qualname__": user_class.__qualname__,
                "__doc__": user_class.__doc__,
            }
            bases = (_NotRegistered, user_class, stand_in)
            known = self._in_process[user_class] = type(user_class)(user_class.__name__, bases, namespace)
        return known

    def _standing_in(self) -> Any:
        """minikafka's client with kafka-python's class behind it, for ``isinstance`` and the user's errors."""
        if self._stand_in is None:
            own = self._own_class()
            namespace: dict[str, Any] = {
                "__doc__": self.cls.__doc__,
                "__module__": self.cls.__module__,
                "__qualname__": self.cls.__qualname__,
                "DEFAULT_CONFIG": self.cls.DEFAULT_CONFIG,
                "_errors": self.errors,
                "_minikafka_class": own,
            }
            if not hasattr(own, "__del__") and hasattr(self.cls, "__del__"):
                # kafka-python's would look for connections and threads that are not there.
                namespace["__del__"] = lambda client: None  # noqa: ARG005
            for attribute in self.originals:
                if not hasattr(own, attribute):
                    namespace[attribute] = _refused(self.name, attribute)
            self._stand_in = type(self.name, (own, self.cls), namespace)
        return self._stand_in

    def _own_class(self) -> Any:
        """minikafka's client of that name; kafka-python 2's admin client runs its own code."""
        if self.name == "KafkaAdminClient" and "bootstrap_timeout_ms" not in self.cls.DEFAULT_CONFIG:
            return _admin_of_kafka_python_2(self)
        return getattr(importlib.import_module(_CLIENTS[self.name]), self.name)


def _dispatching_method(name: str, original: FunctionType) -> FunctionType:
    """A method of kafka-python's class that user code may call as ``KafkaProducer.send(self, ...)``."""

    @functools.wraps(original)
    def method(client: Any, *args: Any, **kwargs: Any) -> Any:
        own = getattr(type(client), "_minikafka_class", None)
        found = None if own is None else getattr(own, name, None)
        return (found or original)(client, *args, **kwargs)

    return method  # type: ignore[return-value]


def _refused(name: str, attribute: str) -> Callable[..., None]:
    def refuse(client: Any, *args: object, **kwargs: object) -> None:  # noqa: ARG001
        error: BaseException = client._errors.translate(
            UnsupportedOptionError(f"{name}.{attribute} is not supported by minikafka")
        )
        raise error

    refuse.__name__ = attribute
    return refuse


def _admin_of_kafka_python_2(patched: _PatchedClass) -> type:
    """kafka-python 2's admin client as it is, over connections to the in-process cluster.

    Its results are responses in the shape and version that its own code decodes, which nothing but that code
    could give.
    """
    from minikafka.client.admin_compat import WireClient
    from minikafka.client.options import BROKER_VERSION

    originals = patched.originals

    def init(client: Any, **configs: Any) -> None:
        if configs.get("kafka_client") is not None:
            raise UnsupportedOptionError(
                f"kafka_client={configs['kafka_client']!r}: "
                "an in-process client has no network that could be replaced"
            )
        endpoint = bootstrap.find(configs["bootstrap_servers"])
        if endpoint is None:
            raise patched.errors.NoBrokersAvailable()
        new_future = importlib.import_module("kafka.future").Future

        def connect(**config: Any) -> WireClient:
            version = config.get("api_version") or BROKER_VERSION
            return WireClient(endpoint, config, patched.errors, new_future, version)

        client._endpoint = endpoint
        client._client = None
        try:
            originals["__init__"](client, kafka_client=connect, **configs)
        except BaseException:
            if client._client is not None:
                client._client.close()
            raise
        endpoint.attach(client)

    def close(client: Any) -> None:
        if getattr(client, "_closed", True):
            return
        originals["close"](client)
        client._endpoint.detach(client)

    def crash(client: Any) -> None:
        client._closed = True
        client._client.close()

    return type(
        patched.name,
        (),
        {"__init__": init, "close": close, "_crash": crash, **_own_code(originals)},
    )


def _own_code(originals: dict[str, FunctionType]) -> dict[str, FunctionType]:
    """The public methods that run as they are."""
    return {name: function for name, function in originals.items() if name not in ("__init__", "close")}
