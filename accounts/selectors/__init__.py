from .people import (
    administrators_left,
    deputies_on,
    owner_or_deputy,
    people_active,
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
    "owner_or_deputy",
    "people_active",
    "person_get",
    "person_list",
    "person_tokens",
    "role_get",
    "role_list",
    "stands_for",
]
