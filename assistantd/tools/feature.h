/* SPDX-License-Identifier: MIT */
/*
 * One value of a thing: between how the device says it and how it is said here. Here colours are
 * lists of red, green and blue with the brightest at 255, shares are per cent.
 */
#pragma once

#include "assistantd/tools/description.h"
#include "assistantd/tools/entity.h"
#include "util/buf.h"

enum { FEATURE_E_NONE = 1 };

/* 0; FEATURE_E_NONE where the device has no such value; -EINVAL, -ENOMEM. What was made stays in
 * @ef in each case. */
int feature_init(struct entity_feature *ef, const struct feature *f, const struct description *s);
void feature_deinit(struct entity_feature *ef);
bool feature_can_set(const struct entity_feature *ef);

/* The device's text, or its JSON value, as ours: *@ret is NULL where it says that it does not know.
 * 0, -ENOMEM, -EINVAL for what is no such value. */
int feature_hear_text(const struct entity_feature *ef, const char *text, json_t **ret);
int feature_hear_json(const struct entity_feature *ef, const json_t *value, json_t **ret);

/* Whether @value may be asked for; *@ret is it as it will be sent and compared. 0, -ENOMEM, or
 * -EINVAL with what was expected. */
int feature_check(const struct entity_feature *ef, const json_t *value, json_t **ret,
		  struct diag *d);
/* The device's form of a checked value; the variables of templates that stand for it are set in
 * @variables. NULL without memory. */
json_t *feature_raw(const struct entity_feature *ef, const json_t *value, json_t *variables);
/* The same for a command that is a JSON object. */
json_t *feature_member(const struct entity_feature *ef, const json_t *value);
/* Appends what feature_raw() gave as it goes without a template. 0 or -ENOMEM. */
int feature_text(const json_t *raw, struct buf *out);
/* Whether what is told now is what was asked for, as exactly as the device can. */
bool feature_reached(const struct entity_feature *ef, const json_t *wanted, const json_t *now);
/* Its bounds as tools-protocol.h tells them. */
json_t *feature_bounds(const struct entity_feature *ef);
