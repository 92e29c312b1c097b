/* SPDX-License-Identifier: MIT */
/*
 * Colours of lights: hue and saturation, red, green and blue at full brightness, and CIE 1931
 * x, y with the sRGB primaries and the D65 white.
 */
#pragma once

#include <stdbool.h>

/* Red, green and blue from 0 to 255 with the brightest at 255; all 0 stays. */
void color_full(double rgb[3]);
/* @h in degrees, @s in per cent. */
void color_from_hs(double h, double s, double rgb[3]);
void color_to_hs(const double rgb[3], double *h, double *s);
/* @y above 0. */
void color_from_xy(double x, double y, double rgb[3]);
void color_to_xy(const double rgb[3], double *x, double *y);
/* Whether people would say that it is the same: lamps round, and mix with what they have. */
bool color_alike(const double a[3], const double b[3]);
