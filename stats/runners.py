"""Which process runs a sync, and whether it still does: so that one that was killed can be gone on with at once."""

import os
import socket

import psutil


def this_process() -> str:
    """This process' name: machine, number, and when it began, since numbers are given again."""
    return f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.2f}"


def is_gone(runner: str) -> bool:
    """True where the process of that name surely runs no more; of another machine's nothing is known."""
    host, number, began = (*runner.split("/"), "", "")[:3]
    if host != socket.gethostname() or not number.isdecimal():
        return False
    try:
        return f"{psutil.Process(int(number)).create_time():.2f}" != began
    except psutil.NoSuchProcess:
        return True
