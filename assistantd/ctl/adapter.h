/* SPDX-License-Identifier: MIT */
/* The verbs of adapters, in their two files. */
#pragma once

#include "assistantd/ctl/ctl.h"

#define ADAPTERS "org.assistantd.Adapters1"

/*
 * A model is asked a few questions, beside and after what else it does: with one of 3B that is
 * half a minute on a fast computer. The service has bounds for each step, and answers.
 */
enum { PROOF_MS = DBUS_TIMEOUT_INFINITE };

/* A call with a name; ended by adapter_send(). NULL without memory. */
DBusMessage *adapter_message(const char *member, const char *name, DBusMessageIter *at);
/* Adds no more options and sends it: the reply's arguments, as ctl_call_within(). */
int adapter_send(struct ctl *c, DBusMessage *m, json_t **ret);
/* Calls @member for one version of an adapter; @digest NULL: which one is the service's to say. */
int adapter_version_call(struct ctl *c, const char *member, const char *name, const char *digest);
/* The first digits of a digest, as they are shown. */
#define DIGEST_SHOWN "%.12s"
/* One line for each key whose value is not empty. */
void adapter_print_facts(const json_t *facts);

/* A template as it is given, or the file that holds it: CTL_OK, or the status after a message. */
int adapter_read_prompt(const char *prompt, struct buf *ret);
/* "en,de" as the option languages. */
void adapter_option_languages(DBusMessageIter *dict, const char *languages);
/* A regular file, for reading: a descriptor, or -1 after a message. */
int adapter_open_file(const char *path);

/* adapter-import.c */
int adapter_import(struct ctl *c, const char *path);
int adapter_update(struct ctl *c, const char *path);
int adapter_inspect(struct ctl *c, const char *path);
