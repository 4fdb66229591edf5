from tests.faults.conftest import broker, nursery, processes

__all__ = ["broker", "nursery", "processes"]
