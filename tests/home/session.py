# SPDX-License-Identifier: MIT
"""What else there is on a desktop's bus: a screen saver, a notification server."""
import dbus
import dbus.lowlevel
import dbus.service

SAVER = "org.freedesktop.ScreenSaver"
NOTES = "org.freedesktop.Notifications"


def private_bus():
    bus = dbus.SessionBus(private=True)
    bus.set_exit_on_disconnect(False)
    return bus


class Saver(dbus.service.Object):
    """A screen saver under a name, or what only says that it is one."""

    def __init__(self, name=SAVER):
        self.bus = private_bus()
        self.name = dbus.service.BusName(name, self.bus) if name else None
        super().__init__(self.bus, "/org/freedesktop/ScreenSaver")
        self.active = False

    @dbus.service.method(SAVER, out_signature="b")
    def GetActive(self):
        return self.active

    @dbus.service.signal(SAVER, signature="b")
    def ActiveChanged(self, active):
        self.active = active

    def tell(self, service, active):
        """To the service directly, too, as anybody can."""
        m = dbus.lowlevel.SignalMessage("/org/freedesktop/ScreenSaver", SAVER, "ActiveChanged")
        m.append(active, signature="b")
        m.set_destination(service.bus.get_name_owner("org.assistantd.Assistant1"))
        self.bus.send_message(m)

    def leave(self):
        self.bus.close()


class Notes(dbus.service.Object):
    """A notification server."""

    def __init__(self, *capabilities):
        self.bus = private_bus()
        super().__init__(self.bus, "/org/freedesktop/Notifications")
        self.capabilities = capabilities
        self.shown, self.closed = [], []
        self.name = dbus.service.BusName(NOTES, self.bus)

    @dbus.service.method(NOTES, out_signature="as")
    def GetCapabilities(self):
        return self.capabilities

    @dbus.service.method(NOTES, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, app, replaces, icon, summary, body, actions, hints, expires):
        self.shown.append({"summary": str(summary), "body": str(body), "hints": hints,
                           "actions": [str(a) for a in actions], "expires": int(expires)})
        return len(self.shown)

    @dbus.service.method(NOTES, in_signature="u")
    def CloseNotification(self, number):
        self.closed.append(int(number))

    @dbus.service.signal(NOTES, signature="us")
    def ActionInvoked(self, number, action):
        pass

    @dbus.service.signal(NOTES, signature="uu")
    def NotificationClosed(self, number, reason):
        pass

    def leave(self):
        self.bus.close()
