/* SPDX-License-Identifier: MIT */
/*
 * What the back ends need to know of a tool, under `backend` in its file.
 *
 * mqtt: {service: NAME}; what the device is sent are the arguments but "entity".
 * service: nothing; the tool's name says it all.
 * dbus: {services: [ … ]}, of which the first that is there serves. Each has
 *   bus: session | system; destination, path, interface
 *     (destination "=thing": the name behind the argument "entity", see things)
 *   and one of
 *     method, signature, arguments: a call. Arguments are a list of templates (template.h).
 *       proof: reply — the service answers when it is done, so that an answer shows it
 *     property, signature, value: a property is written
 *     read: a list of what makes the state, each a property (or a method with its signature
 *       and arguments) with
 *         as: name in the state; get: path into the value, of names and indexes;
 *         scale: factor of a number; values: what stands for which value
 * exec: {argv: [ … ], …}, a command, never a shell's line: the first word is the program's
 *   absolute path; another may be "{name}" or "--level={name}", where the value of that
 *   argument stands then, all of it in one word. A word whose argument was not given is left
 *   out. An argument cannot be the script of a shell. A text that begins with "-" is not taken
 *   for a word of its own, unless the word "--" stands before.
 *   folder: where it runs (/); environment: all that it has, but PATH=/usr/bin:/bin
 *   network: false; writes: paths that it may write to, it and below (none)
 *   limits: {cpu_s: 60, memory_mib: 2048, files: 256, file_mib: 100}
 *   output: none | text | json, of a tool that reads: what it writes is its state, as "text"
 *     or as the object that it is
 *   proof: exit — an exit status of 0 shows that it was done
 */
#pragma once

#include "tools_api/tool.h"
#include "util/yaml.h"

/* Name of the back end in files; NULL where files cannot have it. */
const char *tool_backend_name(enum tool_backend b);
/* Reads and checks `backend` of @m, whose type is known: 0, -EINVAL with the line, -ENOMEM. */
int tool_read_spec(struct tool *t, const struct yaml_node *m, struct diag *d);
