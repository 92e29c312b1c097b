#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The sentences of home-assistant-datasets through the whole service: service.py DATA

Every home of the data (cases.py) is told to a real broker by MQTT discovery, its areas are
settled, and each sentence is asked for without being done (the option `explain`): what counts
is the tool, the device and the value that would have been called. Media players are no devices
of MQTT and are left out.
"""
import collections
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../../home", "../../bus", "."):
    sys.path.insert(0, os.path.join(HERE, folder))
from cases import device_actions                                        # noqa: E402
from evaluate import Call, percentile                                   # noqa: E402
from harness import Service, require_bus, wait_for                      # noqa: E402
from house import House, ask, devices, settle                           # noqa: E402
import dbus.mainloop.glib                                               # noqa: E402

# Of each component: what its discovery says beside its name, and its state.
COMPONENTS = {
    "light": ({"schema": "json", "brightness": True}, '{"state": "ON", "brightness": 100}'),
    "switch": ({}, "OFF"),
    "fan": ({"percentage_command_topic": "p", "percentage_state_topic": "ps"}, "OFF"),
    "cover": ({"position_topic": "ps", "set_position_topic": "p"}, "open"),
    "valve": ({"reports_position": True}, '{"position": 30}'),
    "lock": ({}, "LOCKED"),
    "vacuum": ({"supported_features": ["start", "stop", "pause", "return_home"]},
               '{"state": "cleaning"}'),
    "climate": ({"temperature_command_topic": "t", "temperature_state_topic": "ts",
                 "mode_command_topic": "m", "mode_state_topic": "ms",
                 "modes": ["off", "cool", "heat"], "min_temp": 5, "max_temp": 120}, "heat"),
}
# What light and thermostat show before, from which a step is told.
BRIGHTNESS, TEMPERATURE = 39, 20

INTENTS = {"home/turn_on": "HassTurnOn", "home/turn_off": "HassTurnOff",
           "home/open": "HassTurnOn", "home/close": "HassTurnOff",
           "home/lock": "HassTurnOn", "home/unlock": "HassTurnOff",
           "home/set_position": "HassSetPosition", "home/start": "HassVacuumStart",
           "home/return_to_base": "HassVacuumReturnToBase",
           "home/set_temperature": "HassClimateSetTemperature"}


def publish(house, topic, payload):
    subprocess.run(["mosquitto_pub", "--unix", house.socket, "-r", "-t", topic, "-m", payload],
                   check=True)


def plug_in(house, number, name, component):
    """Tells the broker of a device, and returns its id."""
    own, state = COMPONENTS[component]
    key = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_") + f"_{number}"
    topics = {k: f"{v}/{key}" for k, v in own.items() if k.endswith("_topic")}
    shown = {"name": name, "unique_id": key, "object_id": key, "command_topic": f"c/{key}",
             "state_topic": f"s/{key}", **own, **topics}
    if component == "climate":
        del shown["command_topic"], shown["state_topic"]
        publish(house, f"ms/{key}", state)
        publish(house, f"ts/{key}", str(TEMPERATURE))
    publish(house, f"homeassistant/{component}/{key}/config", json.dumps(shown))
    publish(house, f"s/{key}", state)
    return f"{component}.{key}"


def furnish(house, home):
    """Plugs in the devices of a home: the data's ids by ours."""
    found = {}
    for device, (names, _, _) in home.devices.items():
        component = device.split(".")[0]
        if component in COMPONENTS:
            found[plug_in(house, len(found), names[0], component)] = device
    return found


def place(service, home, found):
    wait_for(lambda: set(found) <= set(devices(service)), "the devices")
    for entity, device in found.items():
        area = re.sub(r"[\[\](){}<>|]", " ", home.devices[device][1]).strip()
        if area:
            settle(service, entity, {"area": area})


def call_of(actions, found):
    """The calls of an answer as evaluate.py has them; one value stands for all."""
    targets, slots, intent = set(), {}, ""
    for action in actions:
        arguments = json.loads(str(action["arguments"]))
        targets.add(found.get(arguments.pop("entity", None)))
        intent = INTENTS.get(str(action["tool"]), str(action["tool"]))
        slots = {name: str(value) for name, value in arguments.items()}
        if "brightness" in slots:
            intent = "HassLightSet"
            slots["brightness_step"] = str(arguments["brightness"] - BRIGHTNESS)
        if "temperature" in slots:
            slots["temperature_step"] = str(arguments["temperature"] - TEMPERATURE)
    return Call(intent, slots, targets)


def verdict(case, results, said, found):
    if results.get("actions"):
        call = call_of(results["actions"], found)
        return "exact" if any(right(call) for right in case.right) else "wrong"
    return "silent" if said.startswith("I did not understand") else "asked back"


def main():
    require_bus()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    cases, homes = device_actions(os.path.join(sys.argv[1], "home-assistant-datasets"))
    verdicts, times = collections.defaultdict(collections.Counter), []
    for name, home in homes.items():
        mine = [c for c in cases if c.house == name and c.kind in COMPONENTS]
        house = House()
        try:
            time.sleep(.3)              # the socket is there before the broker listens
            found = furnish(house, home)
            with Service(config=f"home:\n  broker: {house.socket}\n  port: 0\n",
                         data=house.data) as service:
                place(service, home, found)
                for case in mine:
                    before = time.monotonic()
                    _, results, said = ask(service, case.text, explain=True, conversation="new")
                    times.append((time.monotonic() - before) * 1000)
                    part = "held out" if case.held_out else "developed on"
                    verdicts[part][verdict(case, results, said, found)] += 1
        finally:
            house.end()
    for part, count in sorted(verdicts.items()):
        n = sum(count.values())
        print(f"{part}: {n} sentences, " + ", ".join(
            f"{100 * k / n:.1f} % {v} ({k})" for v, k in count.most_common()))
    print(f"a request, over the bus: p50 {percentile(times, .5):.1f} ms, "
          f"p99 {percentile(times, .99):.1f} ms")


if __name__ == "__main__":
    main()
