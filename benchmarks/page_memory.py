"""``python -m benchmarks.page_memory EMAIL ADDRESS``: the most memory, in MB, of a process that answers this
page twice and nothing else, as a server would."""

from __future__ import annotations

import resource
import sys


def main(email: str, address: str) -> int:
    import django

    django.setup()
    from django.test import Client

    from accounts.models import User

    client = Client(headers={"Host": "localhost"})
    client.force_login(User.objects.get(email=email))
    for _round in range(2):
        if client.get(address).status_code != 200:
            return 1
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
