/* SPDX-License-Identifier: MIT */
/*
 * Keys of discovery messages may be abbreviated, and topics may begin or end with "~", which
 * stands for the text under that key (home-assistant.io/integrations/mqtt, "MQTT discovery").
 */
#pragma once

#include <jansson.h>

#include "util/diag.h"

/* A copy of a description, its device and its availability with full keys and full topics. 0;
 * -EINVAL for a base that is no text; -ENOMEM. *@ret is the caller's. */
int abbreviations_expand(const json_t *object, json_t **ret, struct diag *d);
/* The full form of a key; the key itself where it is none of the abbreviations. */
const char *abbreviation_full(const char *key);
