from tests.faults.conftest import broker, processes

__all__ = ["broker", "processes"]
