#!/usr/bin/env python3
"""The life of a server, as in serve.py, with other errors than the usual ones. Most of them may cost nothing: an interrupted call
is made again (F92), a short one goes on, an error of a connection that is gone is not the listener's, and what is short on this
machine for a moment is waited for (F55, F58).
"""
import sweep
from sweep import Series

import serve

SERIES = [
    Series("accept4", "EINTR", free=True),
    Series("accept4", "EAGAIN", free=True),
    Series("accept4", "ECONNABORTED", free=True),
    Series("accept4", "EPROTO", free=True),
    Series("accept4", "ENFILE", free=True),
    Series("accept4", "ENOBUFS", free=True),
    Series("accept4", "ENOMEM", free=True),
    Series("connect", "EINTR", free=True),
    Series("connect", "EADDRNOTAVAIL", free=True),
    Series("connect", "ENETUNREACH", free=True),
    Series("connect", "ETIMEDOUT", free=True),
    Series("socket", "ENOBUFS"),
    Series("recv", "EINTR", free=True),
    Series("recv", "EAGAIN", free=True),
    Series("recv", "SHORT", free=True),
    Series("recv", "ETIMEDOUT"),
    Series("send", "EINTR", free=True),
    Series("send", "EAGAIN", free=True),
    Series("send", "SHORT", free=True),
    Series("read", "EINTR", free=True),
    Series("read", "SHORT", free=True),
    Series("write", "EINTR", free=True),
    Series("write", "EAGAIN", free=True),
    Series("write", "SHORT", free=True),
    Series("write", "EIO", free=True),
    Series("poll", "EINTR", free=True),
    Series("bind", "EACCES"),
    Series("open", "EACCES"),
    Series("thread_create", "ENOMEM"),
]

sweep.main(serve.scenario, serve.furnish, SERIES, runs=90, complete=False)
