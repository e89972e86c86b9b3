"""The tasks of this repository: the plugin itself, on the demo's database (invoke.yaml)."""

from batchdrain.collection import ns  # noqa: F401 - Invoke finds it by this name
