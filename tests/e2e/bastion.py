# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that alone can reach a network: an SSH server in a user and network namespace of its own.

Run as a script: "serve FOLDER" becomes that host until it is told to end; "connect SOCKET" is what an SSH client takes
as its ProxyCommand: files can be seen from all network namespaces, and so can Unix sockets.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys
import threading
from pathlib import Path
from typing import Any

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
PR_SET_PDEATHSIG = 1
REFUSED = 75


def isolate() -> None:
    """Enter new namespaces, as their root, with nothing but a loopback device."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    # Not to outlive the tests. After the change of user, which clears it.
    libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


async def serve(folder: Path) -> None:
    """Run commands for whoever has the key, as sshd does: by a shell, in the user's home."""
    import asyncssh

    async def run(process: Any) -> None:
        child = await asyncio.create_subprocess_shell(
            process.command,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            cwd=folder / "home",
            env={"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "PATH": os.environ["PATH"],
                 "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        # The end of the command is the end of its output. asyncssh would send one EOF for each stream, and close the
        # connection, with other sessions on it, when the client has closed the channel before the last of them.
        await process.redirect(stdin=child.stdin, stdout=child.stdout, stderr=child.stderr, send_eof=False)
        code = await child.wait()
        await process.stdout.drain()
        process.exit(code)

    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(folder / "ssh"))
    listening.listen(64)
    server = await asyncssh.listen(
        sock=listening, server_host_keys=[str(folder / "host_key")], authorized_client_keys=str(folder / "authorized"),
        process_factory=run, encoding=None, allow_scp=False,
    )  # fmt: skip
    print("ready", flush=True)
    await server.wait_closed()


def connect(path: str) -> None:
    """Pass bytes between standard input and output and a Unix socket, until either ends."""
    with socket.socket(socket.AF_UNIX) as there:
        there.connect(path)

        def send() -> None:
            while data := os.read(0, 65536):
                there.sendall(data)
            there.shutdown(socket.SHUT_WR)

        threading.Thread(target=send, daemon=True).start()
        while data := there.recv(65536):
            os.write(1, data)


def main(verb: str, path: str) -> int:
    if verb == "connect":
        connect(path)
        return 0
    try:
        isolate()
    except OSError as error:
        print(f"user and network namespaces are forbidden here ({error.strerror})", flush=True)
        return REFUSED
    asyncio.run(serve(Path(path)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
