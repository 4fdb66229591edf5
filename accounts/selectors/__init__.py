from .people import (
    administrators_left,
    deputies_on,
    people_active,
    person_deputies,
    person_get,
    person_list,
    person_tokens,
    role_get,
    role_list,
    stands_for,
)

__all__ = [
    "administrators_left",
    "deputies_on",
    "people_active",
    "person_deputies",
    "person_get",
    "person_list",
    "person_tokens",
    "role_get",
    "role_list",
    "stands_for",
]
