"""The message that carries metadata from the controller to the brokers, in process only.

A KRaft broker fetches the metadata log from the controller and replays its records; here the controller sends
the whole image, which costs nothing, for an image is an immutable value that everybody shares. It therefore
has no encoding and no API key, and a fault rule meets it by ``when=lambda e: e.api_name == "MetadataUpdate"``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.image import MetadataImage


class MetadataUpdate:
    """The newest metadata, for one broker.

    Args:
        image: what the broker is to apply, unless it has a newer one.
    """

    __slots__ = ("image",)

    api_key = -1
    api_name = "MetadataUpdate"
    min_version = 0
    max_version = 0

    def __init__(self, image: MetadataImage) -> None:
        self.image: MetadataImage = image

    def error_answer(self, error_code: int) -> MetadataUpdateResponse:
        """What a fault answers in the broker's place."""
        return MetadataUpdateResponse(0, error_code)

    def __repr__(self) -> str:
        return f"MetadataUpdate(version={self.image.version})"


class MetadataUpdateResponse:
    """A broker's acknowledgement.

    Args:
        version: the version of the image that the broker has applied.
        error_code: not 0 when a fault answered in the broker's place; the update is then sent again.
    """

    __slots__ = ("error_code", "version")

    api_key = -1
    api_name = "MetadataUpdate"
    min_version = 0
    max_version = 0

    def __init__(self, version: int, error_code: int = 0) -> None:
        self.version: int = version
        self.error_code: int = error_code

    def __repr__(self) -> str:
        return f"MetadataUpdateResponse(version={self.version}, error_code={self.error_code})"
