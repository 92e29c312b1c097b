# SPDX-License-Identifier: MIT
"""Services of others that a test makes, by Debian's python3-dbusmock; skipped without it."""
import subprocess
import sys

try:
    import dbus
    import dbusmock
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


class Mocks(dbusmock.DBusTestCase):
    """Buses of our own, and services on them."""
    running = []
    names = {}

    @classmethod
    def template(cls, name, parameters=None):
        process, thing = cls.spawn_server_template(name, parameters or {}, subprocess.DEVNULL)
        cls.running.append(process)
        return thing

    @classmethod
    def server(cls, name, path, interface, system=False):
        process = cls.spawn_server(name, path, interface, system, subprocess.DEVNULL)
        cls.running.append(process)
        cls.names[name] = process
        bus = cls.get_dbus(system)
        return process, dbus.Interface(bus.get_object(name, path, introspect=False),
                                       dbusmock.MOCK_IFACE)

    @classmethod
    def leave(cls, prefix):
        """Ends the services whose names begin so."""
        for name, process in cls.names.items():
            if name.startswith(prefix):
                process.kill()
                process.wait()

    @classmethod
    def stop(cls):
        for process in cls.running:
            process.kill()
            process.wait()
