# SPDX-License-Identifier: MIT
"""What else there is on a desktop's bus: a screen saver, a notification server."""
import dbus
import dbus.lowlevel
import dbus.service

from harness import wait_for

SAVER = "org.freedesktop.ScreenSaver"
NOTES = "org.freedesktop.Notifications"


def private_bus():
    bus = dbus.SessionBus(private=True)
    bus.set_exit_on_disconnect(False)
    return bus


def arrived(bus):
    """Whatever was sent on @bus is with those that it is for, before what anybody sends next:
    the bus answers one caller in order, and hands a message on before it answers."""
    bus.get_object("org.freedesktop.DBus", "/org/freedesktop/DBus", introspect=False).GetId()


class Saver(dbus.service.Object):
    """A screen saver under a name, or what only says that it is one."""

    def __init__(self, name=SAVER):
        self.bus = private_bus()
        self.name = dbus.service.BusName(name, self.bus) if name else None
        super().__init__(self.bus, "/org/freedesktop/ScreenSaver")
        self.active = False
        self.read = 0

    @dbus.service.method(SAVER, out_signature="b")
    def GetActive(self):
        self.read += 1
        return self.active

    @dbus.service.signal(SAVER, signature="b")
    def ActiveChanged(self, active):
        self.active = active

    def change(self, active):
        self.ActiveChanged(active)
        arrived(self.bus)

    def known(self):
        """Waits until its state was read."""
        wait_for(lambda: self.read, "the state of the screen to be read")
        arrived(self.bus)

    def tell(self, service, active):
        """To the service directly, too, as anybody can."""
        m = dbus.lowlevel.SignalMessage("/org/freedesktop/ScreenSaver", SAVER, "ActiveChanged")
        m.append(active, signature="b")
        m.set_destination(service.bus.get_name_owner("org.assistantd.Assistant1"))
        self.bus.send_message(m)
        arrived(self.bus)

    def leave(self):
        if self.name:
            self.bus.release_name(self.name.get_name())
        self.bus.close()


class Notes(dbus.service.Object):
    """A notification server."""

    def __init__(self, *capabilities):
        self.bus = private_bus()
        super().__init__(self.bus, "/org/freedesktop/Notifications")
        self.capabilities = capabilities
        self.shown, self.closed, self.read = [], [], 0
        self.name = dbus.service.BusName(NOTES, self.bus)

    @dbus.service.method(NOTES, out_signature="as")
    def GetCapabilities(self):
        self.read += 1
        return self.capabilities

    def known(self):
        """Waits until what it can was read."""
        wait_for(lambda: self.read, "the capabilities to be read")
        arrived(self.bus)

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
        self.bus.release_name(NOTES)
        self.bus.close()
