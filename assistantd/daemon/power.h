/* SPDX-License-Identifier: MIT */
/*
 * Whether the computer runs on its battery: as UPower tells (OnBattery of
 * org.freedesktop.UPower, the system's bus), or, where it is not there, by the kernel's
 * power_supply class (Documentation/ABI/testing/sysfs-class-power), which is read now and then.
 */
#pragma once

#include "assistantd/daemon/bus.h"

struct power;

/* @system may be NULL. @folder is like /sys/class/power_supply and lives as long. @changed is
 * called when the answer becomes another. 0 or -ENOMEM. */
int power_new(struct power **ret, struct loop *loop, struct bus *system, const char *folder,
	      loop_fn changed, void *arg);
struct power *power_free(struct power *p);
DEFINE_CLEANUP(struct power *, power_free)
/* Somebody wants to know: only then the kernel's files are read. 0 or -ENOMEM. */
int power_want(struct power *p, bool wanted);
bool power_on_battery(const struct power *p);
/* By the files of the kernel below @folder alone: a battery of the system's is discharging, and
 * no other supply is connected. */
bool power_read(const char *folder);
