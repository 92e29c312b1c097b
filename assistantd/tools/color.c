/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/color.h"

#include <math.h>

#include "util/macro.h"

enum { HUE_DEGREES = 8, SATURATION_PERCENT = 10, PALE_PERCENT = 10 };

static double most_of(const double rgb[3])
{
	double most = MAX(rgb[0], rgb[1]);

	return MAX(most, rgb[2]);
}

static double least_of(const double rgb[3])
{
	double least = MIN(rgb[0], rgb[1]);

	return MIN(least, rgb[2]);
}

void color_full(double rgb[3])
{
	double most = most_of(rgb);

	for (int i = 0; i < 3 && most > 0; i++)
		rgb[i] = CLAMP(rgb[i] / most, 0.0, 1.0) * 255;
}

void color_from_hs(double h, double s, double rgb[3])
{
	for (int i = 0; i < 3; i++) {
		/* Each is full within 60 degrees of its own hue and none beyond 120. */
		double away = fabs(fmod(h - 120.0 * i + 540, 360) - 180);
		double share = CLAMP(2 - away / 60, 0.0, 1.0);

		rgb[i] = 255 * (1 - CLAMP(s, 0.0, 100.0) / 100 * (1 - share));
	}
}

void color_to_hs(const double rgb[3], double *h, double *s)
{
	double most = most_of(rgb), span = most - least_of(rgb);

	*h = 0;
	*s = most > 0 ? 100 * span / most : 0;
	if (span <= 0)
		return;
	if (most == rgb[0])
		*h = 60 * (rgb[1] - rgb[2]) / span;
	else if (most == rgb[1])
		*h = 60 * (rgb[2] - rgb[0]) / span + 120;
	else
		*h = 60 * (rgb[0] - rgb[1]) / span + 240;
	if (*h < 0)
		*h += 360;
}

void color_from_xy(double x, double y, double rgb[3])
{
	double X = x / y, Z = (1 - x - y) / y, most;

	rgb[0] = 3.2406 * X - 1.5372 - 0.4986 * Z;
	rgb[1] = -0.9689 * X + 1.8758 + 0.0415 * Z;
	rgb[2] = 0.0557 * X - 0.2040 + 1.0570 * Z;
	most = most_of(rgb);
	for (int i = 0; i < 3; i++) {
		double v = MAX(rgb[i], 0.0) / most;

		rgb[i] = v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
	}
	color_full(rgb);
}

void color_to_xy(const double rgb[3], double *x, double *y)
{
	double v[3], X, Y, Z;

	for (int i = 0; i < 3; i++) {
		double c = rgb[i] / 255;

		v[i] = c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
	}
	X = 0.4124 * v[0] + 0.3576 * v[1] + 0.1805 * v[2];
	Y = 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
	Z = 0.0193 * v[0] + 0.1192 * v[1] + 0.9505 * v[2];
	*x = X + Y + Z > 0 ? X / (X + Y + Z) : 0.3127;
	*y = X + Y + Z > 0 ? Y / (X + Y + Z) : 0.3290;
}

bool color_alike(const double a[3], const double b[3])
{
	double ha, sa, hb, sb, turn;

	color_to_hs(a, &ha, &sa);
	color_to_hs(b, &hb, &sb);
	if (fabs(sa - sb) > SATURATION_PERCENT)
		return false;
	turn = fabs(ha - hb);
	/* What is nearly white has hardly a hue. */
	return MIN(turn, 360 - turn) <= HUE_DEGREES || MAX(sa, sb) <= PALE_PERCENT;
}
